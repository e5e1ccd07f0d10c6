//! `qubx action`: what the strategy offers to do, and having it done.

use qubx_protocol::{Action, ActionParameter, Command};
use serde_json::{Map, Value};

use super::verbs;
use crate::arguments::ActionArguments;
use crate::config::hint;
use crate::failure::{Failure, Outcome};
use crate::out::outln;
use crate::{json, talk::Talk};
use qubx_protocol::kinds;

/// `qubx action NAME [ACTION]`
pub(crate) async fn action(arguments: ActionArguments) -> Result<Outcome, Failure> {
    let ActionArguments { verb, action, given } = arguments;
    let mut talk = verbs::open(&verb).await?;
    let actions = offered(&talk);
    let Some(name) = action else {
        talk.client.close().await;
        print(&actions, verb.json);
        return Ok(Outcome::Done);
    };
    let (command, effect) = command(&actions, &name, &given)?;
    let ended = verbs::give(&mut talk, &verb, command, effect).await?;
    talk.client.close().await;
    verbs::print_result(&ended, verb.json)
}

fn offered(talk: &Talk) -> Vec<Action> {
    talk.state().status.as_ref().map(|status| status.strategy.actions.clone()).unwrap_or_default()
}

fn print(actions: &[Action], json: bool) {
    if json {
        return outln!("{}", json::pretty(&actions));
    }
    if actions.is_empty() {
        outln!("the strategy offers no actions");
    }
    for action in actions {
        let mark = if action.dangerous { "  dangerous" } else { "" };
        outln!("{}{mark}", signature(action));
        for line in action.description.lines() {
            outln!("    {line}");
        }
    }
}

/// Returns an action and what it takes, as `rebalance(share: float, hard: bool = false)`.
fn signature(action: &Action) -> String {
    let parameter = |ActionParameter { name, kind, default }: &ActionParameter| match default {
        Some(default) => format!("{name}: {kind} = {default}"),
        None => format!("{name}: {kind}"),
    };
    let parameters: Vec<String> = action.parameters.iter().map(parameter).collect();
    format!("{}({})", action.name, parameters.join(", "))
}

/// Returns the command that does what was typed, and what it does in words when that must be confirmed.
fn command(actions: &[Action], name: &str, given: &[String]) -> Result<(Command, Option<String>), Failure> {
    let Some(action) = actions.iter().find(|action| action.name == name) else {
        let names: Vec<&str> = actions.iter().map(|action| action.name.as_str()).collect();
        let failure = Failure::usage(format!("the strategy has no action `{name}`"));
        return Err(if names.is_empty() {
            failure.hint("it offers none")
        } else {
            failure.hint(hint(name, "actions", &names))
        });
    };
    let arguments = arguments(action, given)?;
    let effect = action.dangerous.then(|| {
        let given: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let with = if given.is_empty() { String::new() } else { format!(" with {}", given.join(", ")) };
        let what = action.description.split_whitespace().collect::<Vec<_>>().join(" ");
        let what = if what.is_empty() { what } else { format!(": {}", what.trim_end_matches('.')) };
        format!("has the strategy do {name}{with}{what}")
    });
    Ok((Command::Action { name: name.to_owned(), arguments }, effect))
}

/// Returns what was typed as what the action takes.
fn arguments(action: &Action, given: &[String]) -> Result<Map<String, Value>, Failure> {
    let takes = || format!("it is {}", signature(action));
    let mut arguments = Map::new();
    for text in given {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::usage(format!("--param {text}: there is no `=` in it")).hint(takes()));
        };
        let name = name.trim();
        let Some(parameter) = action.parameters.iter().find(|parameter| parameter.name == name) else {
            let names: Vec<&str> =
                action.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            let failure = Failure::usage(format!("{} takes no `{name}`", action.name));
            return Err(if names.is_empty() {
                failure.hint("it takes nothing")
            } else {
                failure.hint(hint(name, "parameters", &names))
            });
        };
        let value = kinds::parse(&parameter.kind, value)
            .map_err(|problem| Failure::usage(format!("--param {text}: {name} {problem}")))?;
        if arguments.insert(name.to_owned(), value).is_some() {
            return Err(Failure::usage(format!("--param {name} is given twice")));
        }
    }
    let is_missing = |parameter: &&ActionParameter| {
        parameter.default.is_none() && !arguments.contains_key(&parameter.name)
    };
    match action.parameters.iter().find(is_missing) {
        Some(parameter) => {
            let message = format!("{} needs --param {}=VALUE", action.name, parameter.name);
            Err(Failure::usage(message).hint(takes()))
        }
        None => Ok(arguments),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::documented;

    fn offers() -> Vec<Action> {
        let action = |name: &str, dangerous, parameters: Value| Action {
            name: name.to_owned(),
            description: "Brings the positions\nto a share.".to_owned(),
            dangerous,
            parameters: serde_json::from_value(parameters).unwrap(),
        };
        vec![
            action(
                "rebalance",
                true,
                json!([
                    { "name": "share", "kind": "float" },
                    { "name": "hard", "kind": "bool", "default": false },
                ]),
            ),
            action("report", false, json!([])),
        ]
    }

    #[test]
    fn the_actions_are_as_documented() {
        let (events, _) = documented::golden();
        let status = documented::state(&events).status.unwrap();
        documented::check("qubx action", &[json!(status.strategy.actions)]);
    }

    #[test]
    fn what_is_typed_becomes_an_action_or_says_what_is_wrong() {
        let check = |name: &str, given: &[&str], expected: Result<Value, &str>| {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            let found = match command(&offers(), name, &given) {
                Ok((Command::Action { arguments, .. }, _)) => Ok(Value::Object(arguments)),
                Ok((other, _)) => panic!("{other:?}"),
                Err(failure) => Err(failure.to_string()),
            };
            assert_eq!(found, expected.map_err(str::to_owned), "{name} {given:?}");
        };
        check("report", &[], Ok(json!({})));
        check("rebalance", &["share=0.5"], Ok(json!({ "share": 0.5 })));
        check("rebalance", &["hard=true", "share=2"], Ok(json!({ "share": 2, "hard": true })));
        check(
            "rebalanse",
            &[],
            Err(
                "error: the strategy has no action `rebalanse`\n  hint: did you mean `rebalance`? Valid actions: rebalance, report",
            ),
        );
        check(
            "rebalance",
            &[],
            Err(
                "error: rebalance needs --param share=VALUE\n  hint: it is rebalance(share: float, hard: bool = false)",
            ),
        );
        check(
            "rebalance",
            &["shore=1"],
            Err(
                "error: rebalance takes no `shore`\n  hint: did you mean `share`? Valid parameters: share, hard",
            ),
        );
        check(
            "rebalance",
            &["share"],
            Err(
                "error: --param share: there is no `=` in it\n  hint: it is rebalance(share: float, hard: bool = false)",
            ),
        );
        check(
            "rebalance",
            &["share=half"],
            Err("error: --param share=half: share must be a number, not `half`"),
        );
        check("rebalance", &["share=1", "share=2"], Err("error: --param share is given twice"));
        check("report", &["share=1"], Err("error: report takes no `share`\n  hint: it takes nothing"));
    }

    #[test]
    fn only_a_dangerous_action_is_read_back() {
        let effect = |name, given: &[&str]| {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            command(&offers(), name, &given).unwrap().1
        };
        assert_eq!(effect("report", &[]), None);
        assert_eq!(
            effect("rebalance", &["share=0.5"]).as_deref(),
            Some("has the strategy do rebalance with share=0.5: Brings the positions to a share")
        );
    }
}

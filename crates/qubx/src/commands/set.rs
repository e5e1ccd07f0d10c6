//! `qubx set`: the parameters of the strategy, and changing one of them.

use qubx_protocol::{Command, Mode, Parameter};

use super::verbs;
use crate::arguments::VerbArguments;
use crate::config::hint;
use crate::failure::{Failure, Outcome};
use crate::json;
use crate::out::outln;
use qubx_protocol::kinds;

/// `qubx set NAME [PARAMETER=VALUE]`
pub(crate) async fn set(arguments: VerbArguments, change: Option<&str>) -> Result<Outcome, Failure> {
    let mut talk = verbs::open(&arguments).await?;
    let status = talk.state().status.as_ref();
    let parameters = status.map(|status| status.strategy.parameters.clone()).unwrap_or_default();
    let is_paper = status.is_some_and(|status| status.info.mode == Mode::Paper);
    let Some(change) = change else {
        talk.client.close().await;
        print(&parameters, arguments.json);
        return Ok(Outcome::Done);
    };
    let (command, effect) = command(&parameters, change)?;
    let effect = (!is_paper).then_some(effect);
    let ended = verbs::give(&mut talk, &arguments, command, effect).await?;
    talk.client.close().await;
    verbs::print_result(&ended, arguments.json)
}

fn print(parameters: &[Parameter], json: bool) {
    if json {
        return outln!("{}", json::pretty(&parameters));
    }
    if parameters.is_empty() {
        outln!("the strategy has no parameters");
    }
    for Parameter { name, kind, value, default } in parameters {
        let default = if value == default { String::new() } else { format!(", default {default}") };
        outln!("{name} = {value}  {kind}{default}");
    }
}

/// Returns the command that changes a parameter, and what it does in words.
fn command(parameters: &[Parameter], change: &str) -> Result<(Command, String), Failure> {
    let Some((name, text)) = change.split_once('=') else {
        let failure = Failure::usage(format!("`{change}`: there is no `=` in it"));
        return Err(failure.hint("write PARAMETER=VALUE, for example fast=10"));
    };
    let name = name.trim();
    let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let failure = Failure::usage(format!("the strategy has no parameter `{name}`"));
        return Err(if names.is_empty() {
            failure.hint("it has none")
        } else {
            failure.hint(hint(name, "parameters", &names))
        });
    };
    let value = kinds::parse(&parameter.kind, text)
        .map_err(|problem| Failure::usage(format!("parameter `{name}` {problem}")))?;
    let effect = format!("sets {name} to {value}; it is {} now", parameter.value);
    Ok((Command::SetParameter { name: name.to_owned(), value }, effect))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::documented;

    #[test]
    fn the_parameters_are_as_documented() {
        let (events, _) = documented::golden();
        let status = documented::state(&events).status.unwrap();
        documented::check("qubx set", &[json!(status.strategy.parameters)]);
    }

    #[test]
    fn what_is_typed_becomes_a_change_or_says_what_is_wrong() {
        let parameter = |name: &str, kind: &str, value: Value| Parameter {
            name: name.to_owned(),
            kind: kind.to_owned(),
            default: value.clone(),
            value,
        };
        let parameters = [parameter("fast", "int", json!(20)), parameter("timeframe", "str", json!("1s"))];
        let check = |change: &str, expected: Result<&str, &str>| {
            let found = match command(&parameters, change) {
                Ok((command, _)) => Ok(command.target()),
                Err(failure) => Err(failure.to_string()),
            };
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{change}");
        };
        check("fast=9", Ok("fast = 9"));
        check("timeframe=1m", Ok("timeframe = \"1m\""));
        check("timeframe=a=b", Ok("timeframe = \"a=b\""));
        check("fast=nine", Err("error: parameter `fast` must be a whole number, not `nine`"));
        check(
            "fats=9",
            Err(
                "error: the strategy has no parameter `fats`\n  hint: did you mean `fast`? Valid parameters: fast, timeframe",
            ),
        );
        check(
            "fast",
            Err("error: `fast`: there is no `=` in it\n  hint: write PARAMETER=VALUE, for example fast=10"),
        );
    }
}

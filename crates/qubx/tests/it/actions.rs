//! What people may have a strategy do, and change in it, from the command line.

use serde_json::{Value, json};

use crate::harness::{Place, Terminal, config, wait_for};

/// Keeps the texts that it is told, and trades when it is told to.
const TOLD: &str = r#"
from qubx_strategy import Strategy, action


class Told(Strategy):
    fast: int = 20
    share: float = 0.5
    label: str = "a"

    def on_start(self, ctx):
        self.texts = []

    @action
    def note(self, ctx, text: str, times: int = 1):
        """Keeps a text."""
        self.texts += [text] * times
        return f"kept {len(self.texts)}"

    @action(dangerous=True)
    def forget(self, ctx):
        """Forgets every text."""
        self.texts.clear()
        return "forgot all"

    @action
    def buy(self, ctx, symbol: str, amount: float = 0.01):
        return ctx.trade(symbol, amount).status

    @action
    def fail(self, ctx):
        raise ValueError("not today")
"#;

async fn place_with_session() -> Option<Place> {
    let place = Place::new()?;
    place.write("told.py", TOLD);
    place.write("told.yml", &(config("told", "told.Told") + "parameters: { fast: 30 }\n"));
    place.start("told.yml").await;
    Some(place)
}

async fn texts(place: &Place) -> String {
    place.qubx(&["exec", "told", "S.texts"]).await.code(0).stdout
}

async fn strategy(place: &Place) -> Value {
    place.qubx(&["status", "told", "--json"]).await.json()["strategy"].clone()
}

#[tokio::test]
async fn a_strategy_that_offers_nothing_says_so() {
    let Some(place) = Place::with_idle_session().await else { return };
    for (line, said) in [
        (&["action", "idle"][..], "the strategy offers no actions\n"),
        (&["action", "idle", "--json"], "[]\n"),
        (&["set", "idle"], "the strategy has no parameters\n"),
        (&["set", "idle", "--json"], "[]\n"),
    ] {
        assert_eq!(place.qubx(line).await.code(0).stdout, said);
    }
    for (line, part) in [
        (&["action", "idle", "dance"][..], "the strategy has no action `dance`"),
        (&["action", "idle", "--param", "a=1"], "<ACTION>"),
        (&["set", "idle", "fast=1"], "the strategy has no parameter `fast`"),
        (&["set", "idle", "fast"], "write PARAMETER=VALUE"),
        (&["action"], "<NAME>"),
    ] {
        place.qubx(line).await.code(2).says(&[part]);
    }
    for line in [&["action", "ghost"][..], &["set", "ghost", "a=1"]] {
        place.qubx(line).await.code(1).says(&["no session `ghost`"]);
    }
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn what_a_strategy_offers_is_listed_and_done() {
    let Some(place) = place_with_session().await else { return };
    let listed = place.qubx(&["action", "told"]).await.code(0).stdout;
    for part in [
        "note(text: str, times: int = 1)\n    Keeps a text.\n",
        "forget()  dangerous\n    Forgets every text.\n",
        "buy(symbol: str, amount: float = 0.01)\n",
    ] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
    let json = place.qubx(&["action", "told", "--json"]).await.code(0).json();
    let names: Vec<&Value> = json.as_array().unwrap().iter().map(|action| &action["name"]).collect();
    assert_eq!(names, ["note", "forget", "buy", "fail"]);
    let times = &json[0]["parameters"][1];
    assert_eq!(*times, json!({ "name": "times", "kind": "int", "default": 1 }));
    assert_eq!(strategy(&place).await["actions"], json);

    let note = ["action", "told", "note", "--param", "text=a=b c"];
    assert!(place.qubx(&note).await.code(0).stdout.contains("kept 1"));
    let twice = place.qubx(&[&note[..], &["--param", "times=2", "--json"]].concat()).await.code(0).json();
    assert_eq!(
        (&twice["verb"], &twice["target"], &twice["outcome"], &twice["author"]),
        (&"action".into(), &"note".into(), &"done".into(), &"op@cli".into())
    );
    assert_eq!(texts(&place).await, "['a=b c', 'a=b c', 'a=b c']\n");

    place.qubx(&["action", "told", "buy", "--param", "symbol=BTCUSDT"]).await.code(0);
    let status = place.qubx(&["status", "told", "--json"]).await.code(0).json();
    assert_eq!(status["positions"][0]["quantity"], "0.01", "{status}");
    // Everybody sees who had what done.
    let history = place.qubx(&["history", "told"]).await.code(0).stdout;
    assert!(history.contains("action note") && history.contains("op@cli"), "{history}");
    place.stop_and_finish("told").await;
}

#[tokio::test]
async fn an_action_that_is_asked_for_wrongly_is_not_done() {
    let Some(place) = place_with_session().await else { return };
    for (words, parts) in [
        (&["nota"][..], &["no action `nota`", "did you mean `note`?", "note, forget, buy, fail"][..]),
        (&["note"], &["note needs --param text=VALUE", "note(text: str, times: int = 1)"]),
        (&["note", "--param", "text"], &["--param text: there is no `=` in it"]),
        (&["note", "--param", "test=a"], &["note takes no `test`", "did you mean `text`?"]),
        (
            &["note", "--param", "text=a", "--param", "times=often"],
            &["times must be a whole number, not `often`"],
        ),
        (&["forget", "--param", "text=a"], &["forget takes no `text`"]),
    ] {
        let refused = place.qubx(&[&["action", "told"], words].concat()).await.code(2).says(parts);
        assert_eq!(refused.stdout, "");
    }
    assert_eq!(texts(&place).await, "[]\n");
    place.stop_and_finish("told").await;
}

#[tokio::test]
async fn an_action_that_raises_fails_and_the_strategy_goes_on() {
    let Some(place) = place_with_session().await else { return };
    let failed =
        place.qubx(&["action", "told", "fail"]).await.code(1).says(&["action fail failed", "not today"]);
    assert_eq!(failed.stdout, "");
    let failed = place.qubx(&["action", "told", "fail", "--json"]).await.code(1).json();
    assert_eq!(failed["outcome"], "failed");
    assert!(failed["text"].as_str().unwrap().contains("not today"), "{failed}");
    let history = place.qubx(&["history", "told"]).await.code(0).stdout;
    assert!(history.contains("Traceback") && history.contains("told.py"), "{history}");
    assert!(
        place.qubx(&["action", "told", "note", "--param", "text=a"]).await.code(0).stdout.contains("kept 1")
    );
    assert_eq!(strategy(&place).await["state"], "running");
    place.stop_and_finish("told").await;
}

#[tokio::test]
async fn a_dangerous_action_must_be_confirmed() {
    let Some(place) = place_with_session().await else { return };
    place.qubx(&["action", "told", "note", "--param", "text=a"]).await.code(0);
    let parts = ["told: has the strategy do forget: Forgets every text", "must be confirmed", "--yes"];
    place.qubx(&["action", "told", "forget"]).await.code(2).says(&parts);
    assert_eq!(texts(&place).await, "['a']\n");
    if let Some(terminal) = Terminal::open(&place, "asked", 120, 20).await {
        terminal.qubx("action told forget").await;
        terminal.shows("Go on? [y/N]").await;
        terminal.shell("n").await;
        terminal.shows("not confirmed; nothing was done").await;
        assert_eq!(texts(&place).await, "['a']\n");
        terminal.shell("clear").await;
        terminal.qubx("action told forget").await;
        terminal.shows("Go on? [y/N]").await;
        terminal.shell("y").await;
        terminal.shows("forgot all").await;
        assert_eq!(texts(&place).await, "[]\n");
        terminal.close().await;
    }
    assert!(place.qubx(&["action", "told", "forget", "--yes"]).await.code(0).stdout.contains("forgot all"));
    place.stop_and_finish("told").await;
}

#[tokio::test]
async fn a_parameter_is_changed_while_the_strategy_runs() {
    let Some(place) = place_with_session().await else { return };
    let listed = place.qubx(&["set", "told"]).await.code(0).stdout;
    assert_eq!(listed, "fast = 30  int, default 20\nshare = 0.5  float\nlabel = \"a\"  str\n");
    let json = place.qubx(&["set", "told", "--json"]).await.code(0).json();
    assert_eq!(json[0], json!({ "name": "fast", "kind": "int", "value": 30, "default": 20 }));
    assert_eq!(strategy(&place).await["parameters"], json);

    for (change, expression, expected) in
        [("fast=9", "S.fast", "9\n"), ("share=2", "S.share", "2.0\n"), ("label=7", "S.label", "'7'\n")]
    {
        place.qubx(&["set", "told", change]).await.code(0);
        assert_eq!(place.qubx(&["exec", "told", expression]).await.code(0).stdout, expected);
    }
    let changed = place.qubx(&["set", "told", "fast=10", "--json"]).await.code(0).json();
    assert_eq!((&changed["verb"], &changed["outcome"]), (&"set parameter".into(), &"done".into()));
    // What the REPL changes is told, too.
    place.qubx(&["exec", "told", "S.fast = 11"]).await.code(0);
    wait_for("the new value", async || {
        let listed = place.qubx(&["set", "told"]).await.code(0).stdout;
        listed.starts_with("fast = 11  int, default 20\nshare = 2").then_some(())
    })
    .await;
    for (change, parts) in [
        ("fast=slow", &["parameter `fast` must be a whole number, not `slow`"][..]),
        ("fats=9", &["no parameter `fats`", "did you mean `fast`?"]),
    ] {
        place.qubx(&["set", "told", change]).await.code(2).says(parts);
    }
    assert_eq!(place.qubx(&["exec", "told", "S.fast"]).await.code(0).stdout, "11\n");
    place.stop_and_finish("told").await;
}

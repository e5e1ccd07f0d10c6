//! Strategies that fail: before anything is created, at their start, and later.

use crate::harness::{Place, Screen, config};

#[tokio::test]
async fn a_strategy_that_cannot_be_imported_leaves_nothing_behind() {
    let Some(place) = Place::new() else { return };
    std::fs::create_dir_all(place.path("qubx/core")).unwrap();
    for (file, text) in [
        ("qubx/__init__.py", ""),
        ("qubx/core/__init__.py", ""),
        ("qubx/core/interfaces.py", "class IStrategy:\n    pass\n"),
        (
            "framework.py",
            "from qubx.core.interfaces import IStrategy\n\nclass Theirs(IStrategy):\n    pass\n",
        ),
        ("broken.py", "def f(:\n"),
        ("raises.py", "raise ValueError('at import')\n"),
        ("lacks.py", "import there_is_no_such_module\n"),
        ("plain.py", "class Plain:\n    pass\n"),
        ("right.py", "from qubx_strategy import Strategy\n\nclass Right(Strategy):\n    fast: int = 20\n"),
    ] {
        place.write(file, text);
    }
    for (strategy, parts) in [
        ("broken.Strategy", &["broken.py", "SyntaxError", "def f(:"][..]),
        ("raises.Strategy", &["Traceback", "ValueError: at import"]),
        ("lacks.Strategy", &["ModuleNotFoundError", "there_is_no_such_module"]),
        ("ghost.Strategy", &["tested.yml:2:11", "no module", "ghost.py"]),
        ("right.Wrong", &["tested.yml:2:11", "Wrong", "its strategies: Right"]),
        ("plain.Plain", &["tested.yml:2:11", "derive it from `qubx_strategy.Strategy`"]),
        ("framework.Theirs", &["framework Qubx", "not built"]),
        ("right.Right\nparameters: { fats: 2 }", &["tested.yml:3:15", "fats", "did you mean `fast`?"]),
        ("right.Right\nparameters: { fast: 'x' }", &["tested.yml:3", "fast"]),
    ] {
        place.write("tested.yml", &config("tested", strategy));
        place.qubx(&["run", "tested.yml", "--paper", "--detach"]).await.code(2).says(parts);
        place.assert_untouched();
    }
    place.finish().await;
}

#[tokio::test]
async fn a_strategy_that_fails_at_its_start_leaves_the_session_up() {
    for (method, stage) in [("__init__(self)", "__init__"), ("on_start(self, ctx)", "on_start")] {
        let Some(place) = Place::new() else { return };
        let code = format!(
            "from qubx_strategy import Strategy\n\nclass S(Strategy):\n    def {method}:\n        1 / 0\n"
        );
        place.write("failing.py", &code);
        place.write("failing.yml", &config("failing", "failing.S"));
        let said = format!("ZeroDivisionError in {stage}");
        place.qubx(&["run", "failing.yml", "--paper", "--detach"]).await.code(3).says(&[&said]);
        let status = place.qubx(&["status", "failing"]).await.code(1);
        assert!(status.stdout.contains(&said), "{status:?}");
        let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
        assert_eq!(list[0]["status"], "failed");
        let history = place.qubx(&["history", "failing"]).await.code(0).stdout;
        for part in ["Traceback", "failing.py", "1 / 0", "ZeroDivisionError"] {
            assert!(history.contains(part), "{part} in {history}");
        }
        assert_eq!(place.qubx(&["exec", "failing", "6 * 7"]).await.code(0).stdout, "42\n");
        place.stop_and_finish("failing").await;
    }
}

#[tokio::test]
async fn an_exception_in_a_callback_is_shown_and_the_strategy_goes_on() {
    let Some(place) = Place::new() else { return };
    let code = "
from qubx_strategy import Strategy

class S(Strategy):
    bars = 0

    def on_start(self, ctx):
        ctx.subscribe_bars('1s')

    def on_bar(self, ctx, bar):
        self.bars += 1
        if self.bars == 1:
            raise RuntimeError('the first bar')
        ctx.log('a later bar')
";
    place.write("bars.py", code);
    place.write("bars.yml", &config("bars", "bars.S"));
    place.start("bars.yml").await;
    let mut screen = Screen::attach(&place, "bars", "op1").await;
    screen.logged("a later bar").await;
    let strategy = &screen.state().status.as_ref().unwrap().strategy;
    assert_eq!(
        (strategy.callback_errors, strategy.error.as_deref()),
        (1, Some("RuntimeError in on_bar: the first bar"))
    );
    place.qubx(&["status", "bars"]).await.code(0);
    let history = place.qubx(&["history", "bars"]).await.code(0).stdout;
    assert!(history.contains("RuntimeError: the first bar") && history.contains("bars.py"), "{history}");
    assert_eq!(screen.run("S.bars >= 2").await.0, "True");
    screen.close().await;
    place.stop_and_finish("bars").await;
}

//! A session's history as files: a notebook that Jupyter opens, tables, a log.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use crate::harness::{Place, SmallDisk, has_module, wait_for};

/// Checks a notebook as Jupyter does, and tells how many of its cells are code.
const VALIDATE: &str = "
import sys, nbformat
book = nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT)
nbformat.validate(book)
assert (book.nbformat, book.nbformat_minor) == (4, 5), book
print(sum(cell.cell_type == 'code' for cell in book.cells))
";

fn text(value: &Value) -> String {
    value.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().split_terminator("\r\n").map(str::to_owned).collect()
}

#[tokio::test]
async fn a_session_is_a_notebook_that_jupyter_opens_and_tables_with_exact_numbers() {
    let Some(place) = Place::with_idle_session().await else { return };
    let exec = async |code: &str| place.qubx(&["exec", "idle", code]).await;
    exec("print('printed'); 1 + 1").await.code(0);
    exec("1 / 0").await.code(1);
    exec("from IPython.display import HTML; HTML('<b>bold</b>')").await.code(0);
    exec("ctx.log('a | pipe'); trade('BTCUSDT', 0.25)").await.code(0);
    wait_for("the fill", async || {
        let history = place.qubx(&["history", "idle", "--json"]).await.code(0).stdout;
        history.contains("\"kind\":\"fill\"").then_some(())
    })
    .await;
    let said = place.qubx(&["export", "idle", "--ipynb", "book.ipynb", "--csv", "tables"]).await.code(0);
    assert_eq!(said.stdout, "");
    said.says(&["events are in book.ipynb", "tables: orders.csv, fills.csv"]);

    let book: Value = serde_json::from_slice(&std::fs::read(place.path("book.ipynb")).unwrap()).unwrap();
    let cells = book["cells"].as_array().unwrap();
    let code: Vec<&Value> = cells.iter().filter(|cell| cell["cell_type"] == "code").collect();
    let counts: Vec<u64> = code.iter().map(|cell| cell["execution_count"].as_u64().unwrap()).collect();
    assert!(counts.len() == 4 && counts.is_sorted(), "{counts:?}");
    assert_eq!(text(&code[0]["source"]), "print('printed'); 1 + 1");
    assert!(code[0]["metadata"]["qubx"]["author"].as_str().unwrap().starts_with("op"), "{}", code[0]);
    assert_eq!(text(&code[0]["outputs"][0]["text"]), "printed\n");
    assert_eq!(text(&code[0]["outputs"][1]["data"]["text/plain"]), "2");
    assert_eq!(code[1]["outputs"][0]["ename"], "ZeroDivisionError");
    assert!(code[1]["outputs"][0]["traceback"].as_array().unwrap().len() > 1);
    assert_eq!(text(&code[2]["outputs"][0]["data"]["text/html"]), "<b>bold</b>");
    let between = cells.iter().filter(|cell| cell["cell_type"] == "markdown");
    let between: String = between.map(|cell| text(&cell["source"])).collect();
    for part in ["| RUN |", "| FILL |", "| ORDER |", "a &#124; pipe", "| STATE |"] {
        assert!(between.contains(part), "{part} in {between}");
    }
    if has_module(&place.python, "nbformat").await {
        let mut command = Command::new(&place.python);
        command.args(["-c", VALIDATE]).arg(place.path("book.ipynb"));
        assert_eq!(place.finish_command(command, "").await.code(0).stdout, "4\n");
    }

    let fills = lines(&place.path("tables/fills.csv"));
    let quantities = fills[1..].iter().map(|row| row.split(',').nth(9).unwrap());
    let total: rust_decimal::Decimal =
        quantities.map(|text| text.parse::<rust_decimal::Decimal>().unwrap()).sum();
    assert_eq!(total, "0.25".parse().unwrap(), "{fills:?}");
    assert_eq!(lines(&place.path("tables/positions.csv")).len(), fills.len());
    assert!(lines(&place.path("tables/orders.csv")).last().unwrap().contains(",filled,"));
    assert!(std::fs::read_to_string(place.path("tables/log.txt")).unwrap().contains("a | pipe"));
    for name in ["book.ipynb", "tables", "tables/orders.csv", "tables/log.txt"] {
        let mode = place.path(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is private");
    }
    refused_and_replaced(&place).await;

    // What has ended is exported just as well, to standard output too.
    let live = cells.len();
    place.stop("idle").await;
    let ended = place.qubx(&["export", "idle", "--ipynb", "-"]).await.code(0).json();
    assert!(ended["cells"].as_array().unwrap().len() >= live);
    place.finish().await;
}

async fn refused_and_replaced(place: &Place) {
    place.write("book.ipynb", "mine");
    for arguments in [["--ipynb", "book.ipynb"], ["--csv", "tables"]] {
        let arguments = [&["export", "idle"][..], &arguments].concat();
        place.qubx(&arguments).await.code(1).says(&["is there already", "--force"]);
    }
    assert_eq!(std::fs::read_to_string(place.path("book.ipynb")).unwrap(), "mine");
    place.qubx(&["export", "idle", "--ipynb", "book.ipynb", "--csv", "tables", "--force"]).await.code(0);
    assert!(std::fs::read_to_string(place.path("book.ipynb")).unwrap().contains("nbformat"));
    place.qubx(&["export", "ghost", "--csv", "out"]).await.code(1).says(&["there is no session `ghost`"]);
    place.qubx(&["export", "idle"]).await.code(2).says(&["--ipynb"]);
    assert!(!place.path("out").exists());
}

#[tokio::test]
async fn a_full_disk_leaves_no_half_file() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(disk) = SmallDisk::mount(&place.path("disk"), "1M") else {
        return place.stop_and_finish("idle").await;
    };
    place.qubx(&["exec", "idle", "print('x' * 500_000)"]).await.code(0);
    std::fs::write(place.path("disk/book.ipynb"), "mine").unwrap();
    disk.fill_but(128 << 10);
    let before = std::fs::read_dir(place.path("disk")).unwrap().count();
    let said = place
        .qubx(&["export", "idle", "--ipynb", "disk/book.ipynb", "--csv", "disk/tables", "--force"])
        .await;
    said.code(1).says(&["cannot write disk/", "No space left"]);
    assert_eq!(std::fs::read_to_string(place.path("disk/book.ipynb")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(place.path("disk")).unwrap().count(), before, "nothing else is there");
    drop(disk);
    place.stop_and_finish("idle").await;
}

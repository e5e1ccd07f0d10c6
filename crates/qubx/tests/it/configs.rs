//! Wrong configs and wrong command lines: told with their place, exit code 2, and nothing is left behind.

use crate::harness::{IDLE, Place, config};

#[tokio::test]
async fn a_wrong_config_is_told_with_its_place_and_leaves_nothing_behind() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("all.yml", "ETHUSDT:\n  lot_size: 0\n");
    let valid = config("idle", "idle.Idle");
    for (from, to, parts) in [
        ("capital", "kapital", &["tested.yml:8:7", "unknown key `kapital`", "did you mean `capital`?"][..]),
        ("strategy:", "stratgy:", &["tested.yml:2:1", "unknown key `stratgy`", "did you mean `strategy`?"]),
        ("taker_bps", "taker", &["tested.yml:10:29", "unknown key `taker`"]),
        ("connector: sim", "connector: okx", &["tested.yml:6:18", "cannot be `okx`", "sim, replay"]),
        ("leverage: 3", "leverage: many", &["tested.yml:9:17", "must be a number"]),
        ("capital: 100000", "capital: -1", &["tested.yml:8:16", "greater than 0"]),
        ("[BTCUSDT, ETHUSDT]", "[]", &["tested.yml:11:17", "at least one symbol"]),
        ("idle.Idle", "Idle", &["tested.yml:2:11", "not `module.Class`"]),
        ("idle.Idle", "rust:ema", &["tested.yml:2:11", "no strategy in Rust is", "examples/rust-strategy"]),
        (
            "fees:",
            "funding: { every: 7h }\n      fees:",
            &["tested.yml:10:25", "into a day", "write 1h, 4h or 8h"],
        ),
        ("fees:", "instruments_file: no.yml\n      fees:", &["tested.yml:10:25", "no.yml does not exist"]),
        ("fees:", "instruments_file: all.yml\n      fees:", &["all.yml:2:13", "greater than 0"]),
        ("strategy: idle.Idle\n", "", &["tested.yml:1:1", "missing key `strategy`"]),
        ("name: idle", "name: [", &["tested.yml:"]),
        ("name: idle", "name: !!python/object:os.system x", &["tested.yml:1", "unsupported tag"]),
    ] {
        let wrong = valid.replacen(from, to, 1);
        assert_ne!(wrong, valid, "{from}");
        place.write("tested.yml", &wrong);
        place.qubx(&["run", "tested.yml", "--paper", "--detach"]).await.code(2).says(parts);
        place.assert_untouched();
    }
    place.finish().await;
}

#[tokio::test]
async fn a_wrong_command_line_is_told_with_what_to_do_and_leaves_nothing_behind() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    for (arguments, parts) in [
        (&["run", "idle.yml"][..], &["paper only", "--paper"][..]),
        (&["run", "idle.yml", "--paper", "--textual"], &["needs a terminal", "--kernel-only"]),
        (&["run", "ghost.yml", "--paper"], &["ghost.yml"]),
        (
            &["run", "idle.yml", "--paper", "--set", "live.exchanges.SIM.kapital=5"],
            &["--set", "unknown key `kapital`"],
        ),
        (&["run", "idle.yml", "--paper", "--set", "name"], &["--set name", "no `=`"]),
        (&["run", "idle.yml", "--paper", "--override", "ghost.yml"], &["ghost.yml"]),
        (&["run", "idle.yml", "--paper", "--python", "/nowhere/python"], &["/nowhere/python"]),
        (&["run", "idle.yml", "--paper", "--name", " "], &["--name must not be empty"]),
        (&["run", "idle.yml", "--paper", "--detach", "--kernel-only"], &["cannot be used with"]),
        (&["run"], &["CONFIG"]),
        (&["fly"], &["unrecognized subcommand"]),
    ] {
        place.qubx(arguments).await.code(2).says(parts);
        place.assert_untouched();
    }
    place.finish().await;
}

#[tokio::test]
async fn overrides_and_values_of_the_command_line_change_the_config() {
    let Some(place) = Place::new() else { return };
    place.write("right.py", "from qubx_strategy import Strategy\n\nclass Right(Strategy):\n    fast: int = 20\n    slow: int = 60\n");
    place.write("right.yml", &config("right", "right.Right"));
    place.write(
        "more.yml",
        "parameters: { fast: 7, slow: 8 }\nlive: { exchanges: { SIM: { capital: 5000 } } }\n",
    );
    let run =
        ["run", "right.yml", "--paper", "--detach", "--override", "more.yml", "--set", "parameters.fast=9"];
    place.qubx(&run).await.code(0);
    let seen = place.qubx(&["exec", "right", "S.fast, S.slow, ctx.account().capital"]).await.code(0).stdout;
    assert_eq!(seen, "(9, 8, Decimal('5000'))\n");
    place.stop_and_finish("right").await;
}

//! temporary
use std::time::*;
use qubx_kernel::*;
use qubx_protocol::*;
#[tokio::main]
async fn main() {
    let python: std::path::PathBuf = std::env::args().nth(1).unwrap().into();
    let hold: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = StrategySource { module: "ema_cross".into(), class: "EmaCross".into(), folder: "/work/main/examples".into(), parameters: Default::default() };
    let t = Instant::now();
    probe(&python, &source, Duration::from_secs(20)).await.unwrap();
    println!("probe {:?}", t.elapsed());
    let t = Instant::now();
    let (send, mut events) = tokio::sync::mpsc::channel(64);
    let tracker = tokio_util::task::TaskTracker::new();
    let instruments = ["BTCUSDT","ETHUSDT","SOLUSDT"].map(|s| Instrument { id: InstrumentId::new("SIM", s), tick_size: "0.1".parse().unwrap(), lot_size: "0.001".parse().unwrap(), min_notional: "5".parse().unwrap(), currency: "USDT".into() }).to_vec();
    let h = start(KernelConfig { python, runtime_dir: folder.path().into(), source, instruments, output_log: folder.path().join("log") }, send, &tracker, Default::default()).unwrap();
    println!("spawned {:?}", t.elapsed());
    h.execute(CellNumber(1), "1");
    while let Some(e) = events.recv().await {
        match e { KernelEvent::CellFinished { .. } => { println!("answered {:?}", t.elapsed()); break }, KernelEvent::Ready{..} => println!("ready {:?}", t.elapsed()), _ => {} }
    }
    if hold > 0 {
        h.start_strategy(jiff::Timestamp::now(), &[], &[]);
        println!("{}", folder.path().join("kernel.json").display());
        let end = tokio::time::sleep(Duration::from_secs(hold)); tokio::pin!(end);
        loop { tokio::select! { e = events.recv() => { let Some(e) = e else { break };
            if let KernelEvent::Strategy(StrategyEvent::Call { call, .. }) = &e { h.reply(*call, Ok(serde_json::Value::Null)); }
            println!("{}", format!("{e:?}").chars().take(300).collect::<String>()); }, () = &mut end => break } }
        if std::env::args().nth(3).is_some() {
        // throughput
        let t = Instant::now();
        let inputs: Vec<_> = (0..1000).map(|i| StrategyMessage::Quote(Quote { instrument: InstrumentId::new("SIM","BTCUSDT"), time: jiff::Timestamp::now(), bid: rust_decimal::Decimal::from(i).into(), ask: rust_decimal::Decimal::from(i+1).into(), bid_size: "1.5".parse().unwrap(), ask_size: "2".parse().unwrap() })).collect();
        for b in 0..200 { h.send_batch(b, &inputs).unwrap(); while let Some(e) = events.recv().await { if matches!(e, KernelEvent::Strategy(StrategyEvent::BatchDone{..})) { break } } }
        println!("200k quotes {:?}", t.elapsed());
        }
    }
    let t = Instant::now();
    tokio::spawn(async move { while let Some(e) = events.recv().await { println!("{e:?}") } });
    h.shutdown(Duration::from_secs(10)).await;
    println!("shutdown {:?}", t.elapsed());
}

//! A screen: a client of a session that remembers every event it was given.

use qubx_client::{ClientHandle, Link, Mirror, Options, Update};
use qubx_protocol::{
    AnswerResult, CellNumber, CellStatus, Command, CommandId, Event, Fact, HistoryKind, InputId, InputView,
    KernelState, KernelStatus, OutputContent, Refusal, RequestKind, Seq, SessionState, StrategyState,
    VerbOutcome, VerbProgress,
};
use tokio::sync::mpsc;

use super::{LIMIT, Place};

/// A client of a session.
pub(crate) struct Screen {
    pub(crate) client: ClientHandle,
    updates: mpsc::Receiver<Update>,
    pub(crate) mirror: Mirror,
    /// The history that it began with, and every event since.
    pub(crate) events: Vec<Event>,
    /// The last number of the state that it began with.
    pub(crate) attached_at: Seq,
    /// The numbers between which it was given a state instead of the events: not every event is in its history.
    pub(crate) given_as_state: Vec<std::ops::RangeInclusive<Seq>>,
}

impl Screen {
    /// Attaches to the session `name` as `who`.
    pub(crate) async fn attach(place: &Place, name: &str, who: &str) -> Self {
        let qubx = place.session(name).file.qubx;
        Self::attach_to(&qubx.socket, &qubx.session_dir.join("lock"), who).await
    }

    /// Attaches to a socket.
    pub(crate) async fn attach_to(socket: &std::path::Path, lock: &std::path::Path, who: &str) -> Self {
        let options = Options {
            socket: socket.to_owned(),
            lock: Some(lock.to_owned()),
            identity: who.into(),
            owner: false,
            screen: true,
            latest: true,
            role: qubx_protocol::Role::Admin,
            timeout: LIMIT,
        };
        let (client, updates) = qubx_client::start(options).await.unwrap();
        let mut screen = Self {
            client,
            updates,
            mirror: Mirror::default(),
            events: Vec::new(),
            attached_at: Seq(0),
            given_as_state: Vec::new(),
        };
        screen.until("a state", |screen| screen.mirror.state.as_ref().map(drop)).await;
        screen.events = screen.state().history.all().into_iter().cloned().collect();
        screen.attached_at = screen.state().head;
        screen
    }

    pub(crate) fn state(&self) -> &SessionState {
        self.mirror.state.as_ref().expect("it has attached")
    }

    /// Takes the next update.
    pub(crate) async fn next(&mut self, what: &str) -> Update {
        let update = tokio::time::timeout(LIMIT, self.updates.recv()).await;
        let update =
            update.unwrap_or_else(|_| panic!("no news while waiting for {what}; seen: {:#?}", self.events));
        let update =
            update.unwrap_or_else(|| panic!("closed while waiting for {what}: {:?}", self.mirror.link));
        match &update {
            Update::Event(event) => self.events.push(event.clone()),
            // After a loss of rows a screen gets the state; what it missed is in there.
            Update::Snapshot(state) => {
                let seen = self.events.last().map_or(Seq(0), |event| event.seq);
                self.given_as_state.push(seen..=state.head.next());
                let missed = state.history.all().into_iter().filter(|event| event.seq > seen);
                self.events.extend(missed.cloned());
            }
            _ => {}
        }
        self.mirror.apply(&update);
        update
    }

    /// Waits until `pick` finds something in what the screen has, now or after some update.
    pub(crate) async fn until<T>(&mut self, what: &str, mut pick: impl FnMut(&Self) -> Option<T>) -> T {
        let began = std::time::Instant::now();
        loop {
            if let Some(found) = pick(self) {
                return found;
            }
            assert!(began.elapsed() < LIMIT, "not in time: {what}; seen: {:#?}", self.events);
            self.next(what).await;
        }
    }

    /// Waits for an event.
    pub(crate) async fn event<T>(&mut self, what: &str, mut pick: impl FnMut(&Fact) -> Option<T>) -> T {
        let mut looked_at = 0;
        self.until(what, |screen| {
            let found = screen.events[looked_at..].iter().find_map(|event| pick(&event.fact));
            looked_at = screen.events.len();
            found
        })
        .await
    }

    /// Waits until a line of the log has the text.
    pub(crate) async fn logged(&mut self, text: &str) {
        self.event(text, |fact| match fact {
            Fact::Log { text: line, .. } => line.contains(text).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Waits until both instruments have a quote, so that they can be traded.
    pub(crate) async fn quoted(&mut self) {
        self.until("quotes", |screen| {
            (screen.mirror.latest.market.as_ref()?.quotes.len() == 2).then_some(())
        })
        .await;
    }

    /// Submits a cell and returns its number.
    pub(crate) async fn submit(&mut self, code: &str) -> CellNumber {
        let id = self.client.command(Command::Execute { code: code.to_owned() });
        self.event(code, |fact| match fact {
            Fact::Cell { cell, command, .. } if command.as_ref() == Some(&id) => Some(*cell),
            _ => None,
        })
        .await
    }

    /// Submits a cell that first says that it is at work, and waits for that word.
    pub(crate) async fn at_work(&mut self, code: &str) -> CellNumber {
        let cell = self.submit(&format!("print('at work', flush=True)\n{code}")).await;
        self.until("a cell at work", |screen| (!text_of(&screen.events, cell).is_empty()).then_some(()))
            .await;
        cell
    }

    /// Waits until a cell has begun to run.
    pub(crate) async fn started(&mut self, cell: CellNumber) {
        self.event(&format!("the start of cell {cell}"), |fact| match fact {
            Fact::CellStarted { cell: started, .. } => (*started == cell).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Waits until a cell has ended and returns how.
    pub(crate) async fn ended(&mut self, cell: CellNumber) -> CellStatus {
        self.event(&format!("the end of cell {cell}"), |fact| match fact {
            Fact::CellFinished { cell: ended, status, .. } if *ended == cell => Some(*status),
            _ => None,
        })
        .await
    }

    /// Runs a cell; returns what it printed and showed, and how it ended.
    pub(crate) async fn run(&mut self, code: &str) -> (String, CellStatus) {
        let cell = self.submit(code).await;
        let status = self.ended(cell).await;
        (text_of(&self.events, cell), status)
    }

    /// Waits until the kernel is in a state, and returns all that is said of it.
    pub(crate) async fn kernel(&mut self, state: KernelState) -> KernelStatus {
        self.until(&format!("a kernel that is {state:?}"), |screen| {
            let kernel = &screen.state().status.as_ref()?.kernel;
            (kernel.state == state).then(|| kernel.clone())
        })
        .await
    }

    /// Waits until another kernel than the process `before` has its strategy, and returns its process.
    pub(crate) async fn revived(&mut self, before: u32) -> u32 {
        self.until("another kernel with its strategy", |screen| {
            let status = screen.state().status.as_ref()?;
            let is_up =
                status.kernel.state == KernelState::Ready && status.strategy.state == StrategyState::Running;
            status.kernel.pid.filter(|pid| is_up && *pid != before)
        })
        .await
    }

    /// Waits until a cell waits for a line.
    pub(crate) async fn asked(&mut self) -> InputView {
        self.until("a wait for a line", |screen| screen.state().input.clone()).await
    }

    /// Tells whether somebody is attached, by what this screen knows.
    pub(crate) fn is_present(&self, who: &str) -> bool {
        let presence = self.mirror.latest.presence.as_deref().unwrap_or_default();
        presence.iter().any(|presence| presence.identity.as_str() == who)
    }

    /// Gives the line that a cell waits for.
    pub(crate) fn answers(&self, input: &InputId, text: &str) {
        let answer = Command::Answer { input: input.clone(), text: text.to_owned() };
        drop(self.client.command(answer));
    }

    /// Returns what the screen shows of a cell now: what was cleared is gone, what was updated is new.
    pub(crate) fn shown(&self, cell: CellNumber) -> String {
        let events: Vec<Event> = self.state().history.of(HistoryKind::Session).cloned().collect();
        text_of(&events, cell)
    }

    /// Gives a command that is a verb and waits until it has ended.
    pub(crate) async fn verb(&mut self, command: Command) -> VerbProgress {
        let id = self.client.command(command);
        self.verb_end(&id).await
    }

    /// Waits until a verb that was given before has ended.
    pub(crate) async fn verb_end(&mut self, id: &CommandId) -> VerbProgress {
        self.event("the end of the verb", |fact| match fact {
            Fact::Verb { verb, .. }
                if verb.command.as_ref() == Some(id) && verb.outcome != VerbOutcome::Started =>
            {
                Some(verb.clone())
            }
            _ => None,
        })
        .await
    }

    /// Gives a command that is refused and returns the refusal.
    pub(crate) async fn refused(&mut self, command: Command) -> Refusal {
        let id = self.client.command(command);
        loop {
            if let Update::Refused(refusal) = self.next("a refusal").await {
                assert_eq!(refusal.command, id);
                return refusal;
            }
        }
    }

    /// Asks a question and returns its answer.
    pub(crate) async fn ask(&mut self, kind: RequestKind) -> AnswerResult {
        let id = self.client.request(kind);
        loop {
            if let Update::Answer(answer) = self.next("an answer").await {
                assert_eq!(answer.request, id);
                return answer.result;
            }
        }
    }

    /// Waits until the session has ended and returns its last word.
    pub(crate) async fn closed(&mut self) -> String {
        self.until("the end of the session", |screen| match &screen.mirror.link {
            Link::Closed(error) => Some(error.message.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn close(self) {
        self.client.close().await;
    }
}

/// Returns what a cell printed, showed and raised, in these events.
pub(crate) fn text_of(events: &[Event], wanted: CellNumber) -> String {
    let mut text = String::new();
    for event in events {
        match &event.fact {
            Fact::Output { cell: Some(cell), content } if *cell == wanted => match content {
                OutputContent::Stream { text: printed, .. } => text.push_str(printed),
                OutputContent::Data { data, .. } => {
                    text.push_str(data["text/plain"].as_str().unwrap_or_default())
                }
                OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => {}
            },
            Fact::Error { cell: Some(cell), ename, evalue, .. } if *cell == wanted => {
                text.push_str(&format!("{ename}: {evalue}"));
            }
            _ => {}
        }
    }
    text
}

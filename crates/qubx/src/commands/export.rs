//! `qubx export`: a session's history as a notebook, or as tables and a log, whether it runs or not.
//!
//! Nothing has its name before it is whole: a full disk, a damaged ledger or Ctrl+C leave what was there.

mod files;

use std::io::{ErrorKind, IsTerminal};
use std::path::Path;
use std::time::{Duration, Instant};

use qubx_export::{Notebook, Table, Tables};
use qubx_protocol::{Event, Seq};
use qubx_session::HistoryPages;

use self::files::{Draft, Folder};
use crate::arguments::ExportArguments;
use crate::failure::{Failure, Outcome};
use crate::find::session_dir;
use crate::json::escaped;
use crate::out::{end_progress, print, progress, say};

/// `qubx export NAME`
pub(crate) fn export(arguments: &ExportArguments) -> Result<Outcome, Failure> {
    let session_dir = session_dir(&arguments.name)?;
    let cannot_read = || format!("cannot read the history of `{}`", arguments.name);
    let mut pages = HistoryPages::open(&session_dir).map_err(Failure::because(cannot_read()))?;
    let head = pages.head().map_err(Failure::because(cannot_read()))?;
    let mut notebook =
        arguments.ipynb.as_deref().map(|path| NotebookFile::open(path, arguments)).transpose()?;
    let mut tables =
        arguments.csv.as_deref().map(|dir| TableFiles::open(dir, arguments.force)).transpose()?;
    let mut told = Told { last: Instant::now(), is_terminal: std::io::stderr().is_terminal() };
    let mut events: u64 = 0;
    loop {
        let page = pages.next_page(head).map_err(Failure::because(cannot_read()))?;
        let Some(last) = page.last() else { break };
        for event in &page {
            if let Some(notebook) = &mut notebook
                && !notebook.take(event)?
            {
                return Ok(Outcome::Done);
            }
            if let Some(tables) = &mut tables {
                tables.take(event)?;
            }
        }
        events += page.len() as u64;
        told.tell(last.seq, head);
    }
    end_progress();
    if let Some(notebook) = notebook
        && let Some(path) = notebook.finish()?
    {
        say!("{events} events are in {}", path.display());
    }
    if let Some(tables) = tables {
        let dir = tables.finish()?;
        let names = Table::ALL.map(Table::file_name);
        say!("{events} events are in {}: {}", dir.display(), names.join(", "));
    }
    Ok(Outcome::Done)
}

/// A notebook that is being written.
struct NotebookFile {
    notebook: Notebook,
    target: Target,
}

/// Where a notebook goes.
enum Target {
    StandardOutput,
    File(Draft),
}

impl NotebookFile {
    fn open(path: &Path, arguments: &ExportArguments) -> Result<Self, Failure> {
        let target = if path == Path::new("-") {
            Target::StandardOutput
        } else {
            Target::File(Draft::create(path, arguments.force)?)
        };
        let name = Path::new(&arguments.name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut file =
            Self { notebook: Notebook::new(name.unwrap_or_else(|| arguments.name.clone())), target };
        let begin = file.notebook.begin();
        file.write(&begin)?;
        Ok(file)
    }

    /// Writes what an event makes of the notebook; tells whether there is still somebody to read it.
    fn take(&mut self, event: &Event) -> Result<bool, Failure> {
        let text = self.notebook.take(event);
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<bool, Failure> {
        if text.is_empty() {
            return Ok(true);
        }
        let text = escaped(text);
        match &mut self.target {
            Target::File(draft) => draft.write(&text).map(|()| true),
            Target::StandardOutput => match print(&text) {
                // `qubx export NAME --ipynb - | head` is no error.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
                written => {
                    written.map(|()| true).map_err(Failure::because("cannot write to standard output"))
                }
            },
        }
    }

    /// Writes the end and gives the file its name, which is returned; none for standard output.
    fn finish(mut self) -> Result<Option<std::path::PathBuf>, Failure> {
        let end = std::mem::replace(&mut self.notebook, Notebook::new("")).finish();
        self.write(&end)?;
        match self.target {
            Target::StandardOutput => Ok(None),
            Target::File(draft) => Ok(Some(draft.whole()?.publish()?)),
        }
    }
}

/// The tables and the log that are being written into a folder.
struct TableFiles {
    tables: Tables,
    drafts: Vec<(Table, Draft)>,
    /// Behind the drafts: it goes after them, and only when it is empty.
    folder: Folder,
}

impl TableFiles {
    fn open(dir: &Path, force: bool) -> Result<Self, Failure> {
        let folder = Folder::make(dir)?;
        let mut drafts = Vec::new();
        for table in Table::ALL {
            let mut draft = Draft::create(&dir.join(table.file_name()), force)?;
            draft.write(&table.head())?;
            drafts.push((table, draft));
        }
        Ok(Self { tables: Tables::default(), folder, drafts })
    }

    fn take(&mut self, event: &Event) -> Result<(), Failure> {
        for (table, row) in self.tables.take(event) {
            for (_, draft) in self.drafts.iter_mut().filter(|(of, _)| *of == table) {
                draft.write(&row)?;
            }
        }
        Ok(())
    }

    /// Gives all files their names once all of them are whole; returns the folder.
    fn finish(self) -> Result<std::path::PathBuf, Failure> {
        let whole: Result<Vec<_>, Failure> =
            self.drafts.into_iter().map(|(_, draft)| draft.whole()).collect();
        for file in whole? {
            file.publish()?;
        }
        Ok(self.folder.keep())
    }
}

/// How far it is, told now and then.
struct Told {
    last: Instant,
    is_terminal: bool,
}

/// How often a line that is written over is written.
const ON_A_TERMINAL: Duration = Duration::from_millis(200);
/// How often a line is added to a file or a log.
const IN_A_PIPE: Duration = Duration::from_secs(30);

impl Told {
    fn tell(&mut self, Seq(done): Seq, Seq(head): Seq) {
        let pause = if self.is_terminal { ON_A_TERMINAL } else { IN_A_PIPE };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        let line = format!("{done} of {head} events read");
        if self.is_terminal { progress(&line) } else { say!("{line}") }
    }
}

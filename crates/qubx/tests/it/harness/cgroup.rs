//! A control group whose memory is bounded: what a container, or a unit of systemd, gives a service and its Python.

use std::path::{Path, PathBuf};

use super::{is_alive, needs};

/// A control group, gone when this is dropped.
pub(crate) struct MemoryGroup {
    folder: PathBuf,
}

impl MemoryGroup {
    /// Makes a group below this process's own that may use so many bytes. None where that is not allowed.
    pub(crate) fn new(name: &str, bytes: u64) -> Option<Self> {
        let made = Self::make(name, bytes);
        let lacks = made.as_ref().err().cloned().unwrap_or_default();
        needs::has("cgroup", made.is_ok(), &lacks).then(|| made.unwrap())
    }

    fn make(name: &str, bytes: u64) -> Result<Self, String> {
        let (own, limit, (swap, most_swap)) = own_group(bytes)?;
        let folder = own.join(name);
        std::fs::create_dir(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        let group = Self { folder };
        // Where the parent does not hand memory on, the group has no such file.
        std::fs::write(group.folder.join(limit), bytes.to_string())
            .map_err(|error| format!("cannot bound {}: {error}", group.folder.display()))?;
        // Without swap there is no such file, and none is needed.
        let _ = std::fs::write(group.folder.join(swap), most_swap.to_string());
        Ok(group)
    }

    /// Moves a process into the group, its threads and later children with it.
    pub(crate) fn takes(&self, process: u32) {
        std::fs::write(self.folder.join("cgroup.procs"), process.to_string()).unwrap();
    }

    /// Returns the living processes of the group.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let list = std::fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
        list.lines().filter_map(|line| line.parse().ok()).filter(|pid| is_alive(*pid)).collect()
    }
}

/// Returns the folder of this process's own group, the file that bounds the memory of a group there, and the one that
/// keeps it from swapping, with its value when the memory is bound to `bytes`:
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html> and `cgroup-v1/memory.html` beside it.
fn own_group(bytes: u64) -> Result<(PathBuf, &'static str, (&'static str, u64)), String> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
    let own = |is_wanted: fn(&str) -> bool| {
        groups.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = parts.next().zip(parts.next())?;
            is_wanted(controllers).then(|| path.trim_start_matches('/').to_owned())
        })
    };
    let of_memory = |controllers: &str| controllers.split(',').any(|name| name == "memory");
    if let Some(path) = own(of_memory) {
        let folder = Path::new("/sys/fs/cgroup/memory").join(path);
        return Ok((folder, "memory.limit_in_bytes", ("memory.memsw.limit_in_bytes", bytes)));
    }
    let path = own(str::is_empty).ok_or("there are no control groups here")?;
    Ok((Path::new("/sys/fs/cgroup").join(path), "memory.max", ("memory.swap.max", 0)))
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // A group with processes stays; they are told of elsewhere.
        let _ = std::fs::remove_dir(&self.folder);
    }
}

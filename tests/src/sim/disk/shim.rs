//! Between SQLite and the operating system: what is written to a simulated disk is noted, refused
//! or let through.
//!
//! SQLite calls a file system through a table of functions, and a file through another. The shim
//! is this process's default file system. It opens files with the real one, and those on a
//! simulated disk get the shim's own table, with the real file behind it:
//!
//! ```text
//! what SQLite allocates for a file:   ShimFile { methods, watched } | the real file
//! ```
//!
//! So whoever opens a database by its path uses it without knowing: locks, shared memory and reads
//! are the real ones.

#![allow(
    unsafe_code,
    reason = "SQLite's file systems are structures of C functions"
)]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, Once};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_vfs};

use super::{Failure, State, lock};

/// The disks of this process, by their folders.
static DISKS: Mutex<Vec<(PathBuf, Arc<Mutex<State>>)>> = Mutex::new(Vec::new());

/// The operating system's file system.
static REAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// Lets a disk note what is written below a folder.
pub(super) fn watch(folder: &Path, state: &Arc<Mutex<State>>) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(install);
    lock(&DISKS).push((folder.to_owned(), Arc::clone(state)));
}

/// Lets a disk go.
pub(super) fn forget(state: &Arc<Mutex<State>>) {
    lock(&DISKS).retain(|(_, one)| !Arc::ptr_eq(one, state));
}

/// A file of a simulated disk, as SQLite holds it; the real file stands behind it.
#[repr(C)]
struct ShimFile {
    methods: sqlite3_file,
    watched: *mut Watched,
}

/// Which file of which disk it is.
struct Watched {
    state: Arc<Mutex<State>>,
    path: PathBuf,
}

impl Watched {
    fn find(path: &Path) -> Option<Self> {
        let disks = lock(&DISKS);
        let (_, state) = disks.iter().find(|(folder, _)| path.starts_with(folder))?;
        Some(Self {
            state: Arc::clone(state),
            path: path.to_owned(),
        })
    }
}

fn install() {
    // SAFETY: the default file system lives as long as the process, and so does what is leaked.
    unsafe {
        ffi::sqlite3_initialize();
        let real = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!real.is_null(), "SQLite has a file system");
        REAL.store(real, Ordering::Release);
        let mut shim = *real;
        shim.pNext = ptr::null_mut();
        shim.zName = c"simulated".as_ptr();
        shim.szOsFile += size_of::<ShimFile>() as c_int;
        shim.xOpen = Some(open);
        shim.xDelete = Some(delete);
        let registered = ffi::sqlite3_vfs_register(Box::leak(Box::new(shim)), 1);
        assert_eq!(registered, ffi::SQLITE_OK, "the shim is registered");
    }
}

/// The path in a name of SQLite's.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    // SAFETY: a name is null or ends with a zero.
    let name = unsafe { (!name.is_null()).then(|| CStr::from_ptr(name))? };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())).to_owned())
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    const KEPT: c_int =
        ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL;
    // SAFETY: SQLite hands in memory of `szOsFile` bytes, which has room for both files.
    unsafe {
        let system = REAL.load(Ordering::Acquire);
        let open = (*system).xOpen.expect("the real file system opens files");
        let watched = match path_of(name) {
            Some(path) if flags & KEPT != 0 => Watched::find(&path),
            _ => None,
        };
        let Some(watched) = watched else {
            return open(system, name, file, flags, out_flags);
        };
        (*file).pMethods = ptr::null();
        let opened = open(system, name, real(file), flags, out_flags);
        if opened == ffi::SQLITE_OK {
            lock(&watched.state).open(watched.path.clone());
            (*file.cast::<ShimFile>()).watched = Box::into_raw(Box::new(watched));
            (*file).pMethods = &raw const METHODS;
        }
        opened
    }
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: SQLite hands in the name of a file.
    unsafe {
        if let Some(watched) = path_of(name).and_then(|path| Watched::find(&path))
            && lock(&watched.state).delete(&watched.path).is_err()
        {
            return ffi::SQLITE_IOERR_DELETE;
        }
        let system = REAL.load(Ordering::Acquire);
        let delete = (*system).xDelete.expect("the real file system removes");
        delete(system, name, sync)
    }
}

/// The real file behind a file of the shim's.
unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: `install` asked for room for both.
    unsafe { file.byte_add(size_of::<ShimFile>()) }
}

/// Asks a file's disk; gives SQLite's code if it says no.
unsafe fn ask(
    file: *mut sqlite3_file,
    code: c_int,
    question: impl FnOnce(&mut State, &Path) -> Result<(), Failure>,
) -> Result<(), c_int> {
    // SAFETY: `open` put it there, and `close` takes it away.
    let watched = unsafe { &*(*file.cast::<ShimFile>()).watched };
    question(&mut lock(&watched.state), &watched.path).map_err(|failure| match failure {
        Failure::Full => ffi::SQLITE_FULL,
        Failure::Broken => code,
    })
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once.
    unsafe {
        drop(Box::from_raw((*file.cast::<ShimFile>()).watched));
        let real = real(file);
        ((*(*real).pMethods).xClose.expect("a whole table"))(real)
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite hands in so many bytes.
    unsafe {
        let written = std::slice::from_raw_parts(bytes.cast::<u8>(), count.unsigned_abs() as usize);
        let permitted = ask(file, ffi::SQLITE_IOERR_WRITE, |state, path| {
            state.write(path, at.unsigned_abs(), written)
        });
        if let Err(code) = permitted {
            return code;
        }
        let real = real(file);
        ((*(*real).pMethods).xWrite.expect("a whole table"))(real, bytes, count, at)
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    // SAFETY: SQLite hands in a file that is open.
    unsafe {
        let permitted = ask(file, ffi::SQLITE_IOERR_TRUNCATE, |state, path| {
            state.truncate(path, length.unsigned_abs())
        });
        if let Err(code) = permitted {
            return code;
        }
        let real = real(file);
        ((*(*real).pMethods).xTruncate.expect("a whole table"))(real, length)
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // The real disk is not waited for: nobody pulls its plug.
    // SAFETY: SQLite hands in a file that is open.
    let permitted = unsafe { ask(file, ffi::SQLITE_IOERR_FSYNC, State::sync) };
    permitted.map_or_else(|code| code, |()| ffi::SQLITE_OK)
}

/// Functions that ask the real file.
macro_rules! passed_on {
    ($($name:ident: $method:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $type),*) -> $result {
            // SAFETY: SQLite hands in a file that is open, and what the real file is to be handed.
            unsafe {
                let real = real(file);
                ((*(*real).pMethods).$method.expect("a whole table"))(real, $($argument),*)
            }
        }
    )*};
}

passed_on! {
    read: xRead(bytes: *mut c_void, count: c_int, at: sqlite3_int64) -> c_int;
    file_size: xFileSize(size: *mut sqlite3_int64) -> c_int;
    take_lock: xLock(level: c_int) -> c_int;
    unlock: xUnlock(level: c_int) -> c_int;
    check_reserved_lock: xCheckReservedLock(is_held: *mut c_int) -> c_int;
    file_control: xFileControl(what: c_int, argument: *mut c_void) -> c_int;
    sector_size: xSectorSize() -> c_int;
    device_characteristics: xDeviceCharacteristics() -> c_int;
    shm_map: xShmMap(page: c_int, size: c_int, extend: c_int, at: *mut *mut c_void) -> c_int;
    shm_lock: xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier: xShmBarrier() -> ();
    shm_unmap: xShmUnmap(delete: c_int) -> c_int;
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Without `xFetch`: files are not mapped into memory past the shim.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(take_lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

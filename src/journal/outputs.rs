//! The files of output beside a journal, and whether they are what its entries say.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::entry;
use super::verify::Verified;

/// How much of a file is read at once.
const BLOCK: usize = 256 * 1024;
/// The folder's name, beside the journal.
const FOLDER: &str = "output";

/// The length and the SHA-256 of bytes that come one after the other.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    bytes: u64,
    hash: Sha256,
}

/// The length of a file, in bytes, and its SHA-256, in hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summed {
    /// The length in bytes.
    pub bytes: u64,
    /// The SHA-256 in hex.
    pub sha256: String,
}

/// What is with the files beside a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// How many are as they were written.
    pub whole: usize,
    /// The names of those of which the journal has no digest.
    pub unvouched: Vec<String>,
    /// Those that are not as they were written.
    pub spoiled: Vec<Spoiled>,
}

/// A file beside a journal that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{FOLDER}/{file}` {how}")]
pub struct Spoiled {
    /// Its name.
    pub file: String,
    /// What is wrong with it.
    pub how: How,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum How {
    /// It is not there.
    #[error("is gone")]
    Gone,
    /// There is something else in its place.
    #[error("is no file")]
    NoFile,
    /// It is too short.
    #[error("was cut: {found} of {written} bytes are there")]
    Cut {
        /// How many bytes there are.
        found: u64,
        /// How many there were.
        written: u64,
    },
    /// It is too long.
    #[error("was added to: it had {written} bytes, and has {found}")]
    Longer {
        /// How many bytes there are.
        found: u64,
        /// How many there were.
        written: u64,
    },
    /// Its SHA-256 is another.
    #[error("was altered: its SHA-256 is another")]
    Altered,
    /// It can't be read.
    #[error("can't be read: {0}")]
    Unreadable(String),
}

impl Sum {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// The sum of all that was taken.
    #[must_use]
    pub fn finish(self) -> Summed {
        Summed {
            bytes: self.bytes,
            sha256: entry::hex(&self.hash.finalize()),
        }
    }
}

/// Reads the files beside a journal that verifies and compares them with what it says of them;
/// memory does not grow with them.
///
/// # Errors
/// Where their folder can't be read.
pub fn outputs(journal: &Path, verified: &Verified) -> io::Result<Outputs> {
    let folder = folder(journal);
    let mut found = Outputs::default();
    for (file, written) in &verified.outputs {
        match check(&folder, file, written) {
            Ok(()) => found.whole += 1,
            Err(spoiled) => found.spoiled.push(spoiled),
        }
    }
    let names = match fs::read_dir(&folder) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for name in names {
        let name = name?.file_name().to_string_lossy().into_owned();
        if !verified.outputs.contains_key(&name) {
            found.unvouched.push(name);
        }
    }
    found.unvouched.sort();
    Ok(found)
}

/// What a file beside a journal holds; `None` where there is none.
///
/// # Errors
/// Where it is not what was written, as far as that is known.
pub fn output(
    journal: &Path,
    file: &str,
    written: &BTreeMap<String, Summed>,
) -> Result<Option<Vec<u8>>, Spoiled> {
    // A name that leads elsewhere names none.
    if file.contains('/') {
        return Ok(None);
    }
    let Ok(bytes) = fs::read(folder(journal).join(file)) else {
        return Ok(None);
    };
    if let Some(written) = written.get(file) {
        let mut sum = Sum::default();
        sum.update(&bytes);
        compare(sum.finish(), written).map_err(|how| spoiled(file, how))?;
    }
    Ok(Some(bytes))
}

fn folder(journal: &Path) -> std::path::PathBuf {
    journal.with_file_name(FOLDER)
}

fn spoiled(file: &str, how: How) -> Spoiled {
    Spoiled {
        file: file.to_owned(),
        how,
    }
}

fn check(folder: &Path, file: &str, written: &Summed) -> Result<(), Spoiled> {
    let how = || -> Result<(), How> {
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => How::Gone,
            _ => How::Unreadable(error.to_string()),
        };
        if file.contains('/') || file == ".." {
            // None that we wrote: the journal is from elsewhere.
            return Err(How::NoFile);
        }
        let path = folder.join(file);
        // A pipe would never end, and a link leads elsewhere.
        let metadata = fs::symlink_metadata(&path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(How::NoFile);
        }
        let mut open = File::open(&path).map_err(unreadable)?;
        let mut sum = Sum::default();
        let mut block = vec![0; BLOCK];
        loop {
            match open.read(&mut block).map_err(unreadable)? {
                0 => break,
                read => sum.update(block.get(..read).unwrap_or_default()),
            }
        }
        compare(sum.finish(), written)
    };
    how().map_err(|how| spoiled(file, how))
}

fn compare(found: Summed, written: &Summed) -> Result<(), How> {
    let (has, had) = (found.bytes, written.bytes);
    if has < had {
        Err(How::Cut {
            found: has,
            written: had,
        })
    } else if has > had {
        Err(How::Longer {
            found: has,
            written: had,
        })
    } else if found == *written {
        Ok(())
    } else {
        Err(How::Altered)
    }
}

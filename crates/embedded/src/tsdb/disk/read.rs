//! The connection that reads, on a thread of its own.

use super::open::reading;
use super::{FileOptions, ReadError};
use crate::tsdb::Shared;
use crate::tsdb::chunk::decode_or_skip;
use crate::tsdb::series::{BUCKET_MS, Closed, Saved, bucket};
use futures::TryStreamExt;
use hashbrown::HashMap;
use model::Sample;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// A chunk as it stands in the file.
pub(in crate::tsdb) struct FileChunk {
    count: u16,
    bytes: Vec<u8>,
}

impl FileChunk {
    /// Answers how many chunks were left out because they do not decode: 1 or 0.
    pub(in crate::tsdb) fn read(&self, start: i64, end: i64, out: &mut Vec<Sample>) -> u64 {
        decode_or_skip(&self.bytes, self.count, start, end, out)
    }
}

/// Chunks by series key, ascending in time.
pub(in crate::tsdb) type FileChunks = HashMap<i64, Vec<FileChunk>>;

struct Request {
    keys: Vec<i64>,
    start: i64,
    end: i64,
    max_samples: usize,
    reply: SyncSender<Result<FileChunks, ReadError>>,
}

enum Job {
    Read(Request),
    /// The file was replaced.
    Reconnect,
}

/// Hands questions to the reading thread.
pub(in crate::tsdb) struct Reader {
    jobs: Option<Sender<Job>>,
    /// With the handle that waits for the thread's end.
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Starts the thread. It first brings the samples of the memory window into memory, so that what a wall asks for
    /// most does not go to the file after a restart.
    pub(super) fn start(file: FileOptions, shared: Arc<Shared>) -> std::io::Result<Self> {
        let (jobs, inbox) = channel();
        let thread = std::thread::Builder::new()
            .name("tsdb-read".into())
            .spawn(move || run(&file, &shared, &inbox))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// A second handle for the thread that writes.
    pub(super) fn handle(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            thread: None,
        }
    }

    /// To be called when the file was replaced.
    pub(super) fn reconnect(&self) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(Job::Reconnect);
        }
    }

    /// The chunks of these series that overlap `start..=end`.
    pub(in crate::tsdb) fn read(
        &self,
        keys: Vec<i64>,
        start: i64,
        end: i64,
        max_samples: usize,
    ) -> Result<FileChunks, ReadError> {
        let (reply, answer) = sync_channel(1);
        let request = Request {
            keys,
            start,
            end,
            max_samples,
            reply,
        };
        let jobs = self.jobs.as_ref().ok_or(ReadError::Closing)?;
        jobs.send(Job::Read(request))
            .map_err(|_| ReadError::Closing)?;
        answer.recv().map_err(|_| ReadError::Closing)?
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Ends when the last [`Reader`] is gone.
fn run(file: &FileOptions, shared: &Shared, inbox: &Receiver<Job>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return; // who asks then hears that the store is closing
    };
    let connect = || runtime.block_on(reading(file).connect());
    let mut conn = connect();
    if let Ok(conn) = &mut conn
        && let Err(e) = runtime.block_on(preload(conn, shared))
    {
        tracing::warn!(error = %e, "recent samples could not be brought into memory; they are read when asked for");
    }
    while let Ok(job) = inbox.recv() {
        match job {
            Job::Reconnect => conn = connect(),
            Job::Read(request) => {
                if conn.is_err() {
                    conn = connect();
                }
                let answer = match &mut conn {
                    Ok(conn) => runtime.block_on(read(conn, &request)),
                    Err(e) => Err(ReadError::Sqlite(e.to_string())),
                };
                let _ = request.reply.send(answer);
            }
        }
    }
}

async fn read(conn: &mut SqliteConnection, request: &Request) -> Result<FileChunks, ReadError> {
    let keys =
        serde_json::to_string(&request.keys).map_err(|e| ReadError::Sqlite(e.to_string()))?;
    // a chunk never leaves its bucket, so that none that starts earlier can reach into the range
    let earliest = bucket(request.start.max(0)) * BUCKET_MS;
    let mut rows = sqlx::query_as::<_, (i64, u16, Vec<u8>)>(
        "SELECT series_id, count, data FROM chunks WHERE series_id IN (SELECT value FROM json_each(?1)) \
         AND start_ms BETWEEN ?2 AND ?3 AND end_ms >= ?4 ORDER BY series_id, start_ms",
    )
    .bind(keys)
    .bind(earliest)
    .bind(request.end)
    .bind(request.start)
    .fetch(conn);
    let failed = |e: sqlx::Error| ReadError::Sqlite(e.to_string());
    let mut out = FileChunks::new();
    let mut samples = 0usize;
    while let Some((key, count, bytes)) = rows.try_next().await.map_err(failed)? {
        samples += usize::from(count);
        if samples > request.max_samples {
            return Err(ReadError::TooMuch {
                max: request.max_samples,
            });
        }
        out.entry(key).or_default().push(FileChunk { count, bytes });
    }
    Ok(out)
}

async fn preload(conn: &mut SqliteConnection, shared: &Shared) -> Result<(), sqlx::Error> {
    let window = shared.now().saturating_sub(shared.options.memory_window_ms);
    let first = bucket(window.max(0));
    let mut rows = sqlx::query_as::<_, (i64, i64, i64, i64, u16, Vec<u8>)>(
        "SELECT id, series_id, start_ms, end_ms, count, data FROM chunks WHERE id >= ?1",
    )
    .bind(first << 32)
    .fetch(conn);
    let mut chunks: HashMap<i64, Vec<Closed>> = HashMap::new();
    while let Some((key, series, start, end, count, bytes)) = rows.try_next().await? {
        let saved = Saved {
            key,
            samples: count,
        };
        let chunk = Closed {
            start,
            end,
            count,
            saved,
            bytes: bytes.into_boxed_slice(),
        };
        chunks.entry(series).or_default().push(chunk);
    }
    let series = shared.head.read().all();
    for s in series {
        if let Some(chunks) = chunks.remove(&s.key) {
            s.state.lock().prepend(chunks, first * BUCKET_MS);
        }
    }
    Ok(())
}

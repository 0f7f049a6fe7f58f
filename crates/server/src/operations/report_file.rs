//! A report as a file, written while it is read: whatever its length, a few pages of it are in memory.

use super::report_columns;
use super::report_rows::{self, At, BEGINNING, Cells, Range};
use super::{Caller, Problem};
use crate::app::App;
use crate::store::db::Unavailable;
use crate::store::report_demands::{self, Demand};
use crate::{csv, xlsx};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use bytes::Bytes;
use contract::enums::{ReportFileType, ReportType};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rust_xlsxwriter::XlsxError;
use std::io::{self, Read, Write};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Bytes of a chunk of a file of Excel.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for the receiver.
const CHUNKS_MAX: usize = 2;
/// Pages that wait for the writer of a file of Excel.
const PAGES_MAX: usize = 2;
/// How long a receiver may take for a chunk. Then the file is broken off, and its place is free.
const STALLED: Duration = Duration::from_secs(60);
/// Bytes that the rows of a part may have.
const PART_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A file on its way.
pub struct ReportFile {
    /// What it is called.
    pub name: String,
    /// Its bytes. An error breaks it off, so that half a file is not taken for all.
    pub chunks: mpsc::Receiver<Chunk>,
}

/// A piece of a file.
pub type Chunk = io::Result<Bytes>;

/// Where a report's rows come from.
pub(super) enum Rows {
    /// They are made of what is stored.
    Made(Caller, ReportType, Range, At),
    /// They were made before, and kept: the report, and its next part.
    Kept(Demand, i64),
}

impl Rows {
    /// The rows of a range, from the first.
    pub(super) fn of(caller: Caller, report: ReportType, range: Range) -> Rows {
        Rows::Made(caller, report, range, BEGINNING)
    }

    fn report(&self) -> ReportType {
        match self {
            Rows::Made(_, report, _, _) => *report,
            Rows::Kept(demand, _) => demand.report_type,
        }
    }

    /// The next rows; none at the end.
    pub(super) async fn next(&mut self, app: &App) -> Result<Vec<Cells>, Problem> {
        match self {
            Rows::Made(caller, report, range, at) => {
                let (rows, behind) = report_rows::next(app, caller, (*report, *range), *at).await?;
                *at = behind;
                Ok(rows)
            }
            Rows::Kept(demand, part) if *part == demand.parts => Ok(Vec::new()),
            Rows::Kept(demand, part) => {
                let packed =
                    report_demands::part(app, demand.merchant_id, demand.id, *part).await?;
                let packed =
                    packed.ok_or_else(|| Problem::unavailable("a part of a report is gone"))?;
                *part += 1;
                Ok(unpack(&packed)?)
            }
        }
    }
}

/// Rows as they are kept.
pub(super) fn pack(rows: &[Cells]) -> Result<String, Problem> {
    let packed = || -> io::Result<Vec<u8>> {
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::fast());
        serde_json::to_writer(&mut deflated, rows)?;
        deflated.finish()
    };
    let packed = packed().map_err(|error| Problem::unavailable(error.to_string()))?;
    Ok(BASE64.encode(packed))
}

fn unpack(packed: &str) -> Result<Vec<Cells>, Unavailable> {
    let wrong = |why: String| Unavailable::new(format!("a part of a report cannot be read: {why}"));
    let deflated = BASE64
        .decode(packed)
        .map_err(|error| wrong(error.to_string()))?;
    let rows = DeflateDecoder::new(deflated.as_slice()).take(PART_BYTES_MAX);
    serde_json::from_reader(rows).map_err(|error| wrong(error.to_string()))
}

/// Why no more of a file is written.
#[derive(Debug)]
pub(super) enum BrokenOff {
    /// The receiver went away, or stood still.
    Left,
    /// The next rows cannot be read, or not be written.
    Failed(String),
}

impl From<Problem> for BrokenOff {
    fn from(problem: Problem) -> BrokenOff {
        match problem {
            Problem::Unavailable(why) => BrokenOff::Failed(why),
            other => BrokenOff::Failed(format!("{other:?}")),
        }
    }
}

impl From<XlsxError> for BrokenOff {
    fn from(error: XlsxError) -> BrokenOff {
        BrokenOff::Failed(error.to_string())
    }
}

/// Writes a report, of which `first` was read already, into `out`.
pub(super) async fn write(
    app: &App,
    mut rows: Rows,
    first: Vec<Cells>,
    file_type: ReportFileType,
    out: mpsc::Sender<Chunk>,
) {
    let written = match file_type {
        ReportFileType::Csv => write_csv(app, &mut rows, first, &out).await,
        ReportFileType::Xlsx => write_xlsx(app, &mut rows, first, &out).await,
    };
    if let Err(broken) = written {
        if let BrokenOff::Failed(why) = &broken {
            tracing::error!(why, "a report broke off");
        }
        let told = out.send_timeout(Err(io::Error::other("the report broke off")), STALLED);
        drop(told.await);
    }
}

async fn hand_out(out: &mpsc::Sender<Chunk>, bytes: Vec<u8>) -> Result<(), BrokenOff> {
    let sent = out.send_timeout(Ok(Bytes::from(bytes)), STALLED).await;
    sent.map_err(|_| BrokenOff::Left)
}

async fn write_csv(
    app: &App,
    rows: &mut Rows,
    first: Vec<Cells>,
    out: &mpsc::Sender<Chunk>,
) -> Result<(), BrokenOff> {
    let columns = report_columns::of(rows.report());
    let names = columns.iter().map(|column| column.name);
    let mut text = format!("{}{}", csv::BYTE_ORDER_MARK, csv::row_of_semicolons(names));
    let mut page = first;
    loop {
        for row in &page {
            text.push_str(&csv::row_of_semicolons(row));
        }
        if !text.is_empty() {
            hand_out(out, std::mem::take(&mut text).into_bytes()).await?;
        }
        if page.is_empty() {
            return Ok(());
        }
        page = rows.next(app).await?;
    }
}

/// Pages go to a thread that may wait for the disk. `None` behind the last one: without it the file is not
/// brought to its end.
async fn write_xlsx(
    app: &App,
    rows: &mut Rows,
    first: Vec<Cells>,
    out: &mpsc::Sender<Chunk>,
) -> Result<(), BrokenOff> {
    let columns = report_columns::of(rows.report());
    let columns: Vec<_> = columns.iter().map(|one| (one.name, one.kind)).collect();
    let (pages, taken) = mpsc::channel(PAGES_MAX);
    let out = Out {
        chunk: Vec::with_capacity(CHUNK_BYTES),
        to: out.clone(),
        runtime: Handle::current(),
    };
    let writer = tokio::task::spawn_blocking(move || {
        let mut pages = Pages {
            taken,
            page: Vec::new().into_iter(),
        };
        let mut out = out;
        xlsx::write(&columns, || pages.next(), &mut out)?;
        out.flush().map_err(|_| BrokenOff::Left)
    });
    let read = hand_pages(app, rows, first, pages).await;
    let written = writer.await;
    read?;
    written.unwrap_or_else(|error| Err(BrokenOff::Failed(error.to_string())))
}

/// Hands all pages to the writer. One that stopped says why itself.
async fn hand_pages(
    app: &App,
    rows: &mut Rows,
    first: Vec<Cells>,
    pages: mpsc::Sender<Option<Vec<Cells>>>,
) -> Result<(), BrokenOff> {
    let mut page = first;
    while !page.is_empty() {
        if pages.send(Some(page)).await.is_err() {
            return Ok(());
        }
        page = rows.next(app).await?;
    }
    drop(pages.send(None).await);
    Ok(())
}

/// Pages as rows.
struct Pages {
    taken: mpsc::Receiver<Option<Vec<Cells>>>,
    page: std::vec::IntoIter<Cells>,
}

impl Pages {
    fn next(&mut self) -> Result<Option<Cells>, BrokenOff> {
        loop {
            if let Some(row) = self.page.next() {
                return Ok(Some(row));
            }
            match self.taken.blocking_recv() {
                Some(Some(page)) => self.page = page.into_iter(),
                Some(None) => return Ok(None),
                None => return Err(BrokenOff::Left),
            }
        }
    }
}

/// Hands bytes out in chunks, from a thread that may wait.
struct Out {
    chunk: Vec<u8>,
    to: mpsc::Sender<Chunk>,
    runtime: Handle,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK_BYTES));
        let sent = self.runtime.block_on(hand_out(&self.to, chunk));
        sent.map_err(|_| io::Error::other("the receiver left"))
    }
}

/// A channel for a file.
pub(super) fn channel() -> (mpsc::Sender<Chunk>, mpsc::Receiver<Chunk>) {
    mpsc::channel(CHUNKS_MAX)
}

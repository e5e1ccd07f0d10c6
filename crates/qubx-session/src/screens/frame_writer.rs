//! Writes frames whole: one that was dropped half-way is written to its end before the next.
//!
//! A screen that is cut off is told why. Were that word put behind the half of a frame, it would be read as the rest of it.

use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::unix::OwnedWriteHalf;

/// Bytes of whoever has them, so that none is copied: a frame for many screens is there once.
type Frame = Box<dyn AsRef<[u8]> + Send + Sync>;

/// The way to a screen.
pub(crate) struct FrameWriter<W = OwnedWriteHalf> {
    writer: W,
    /// The frame that is being written, and how much of it is; none between frames.
    frame: Option<(Frame, usize)>,
}

impl<W: AsyncWrite + Unpin> FrameWriter<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self { writer, frame: None }
    }

    /// Writes a frame, or several in a row. May be dropped half-way.
    pub(crate) async fn write(&mut self, frame: impl AsRef<[u8]> + Send + Sync + 'static) -> io::Result<()> {
        self.finish().await?;
        self.frame = Some((Box::new(frame), 0));
        self.finish().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        while let Some((frame, written)) = &mut self.frame {
            let bytes = (**frame).as_ref();
            if *written == bytes.len() {
                self.frame = None;
                break;
            }
            match self.writer.write(&bytes[*written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                more => *written += more,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_frame_that_was_dropped_half_way_is_written_to_its_end_before_the_next() {
        let (near, mut far) = tokio::io::duplex(10);
        let mut writer = FrameWriter::new(near);
        writer.write(b"whole;".to_vec()).await.unwrap();
        let long = writer.write("twenty-six letters a to z;");
        assert!(tokio::time::timeout(Duration::ZERO, long).await.is_err(), "nobody reads");
        let mut read = String::new();
        let (written, all) = tokio::join!(
            async move { writer.write("last;").await },
            tokio::time::timeout(Duration::from_secs(10), far.read_to_string(&mut read))
        );
        written.unwrap();
        all.unwrap().unwrap();
        assert_eq!(read, "whole;twenty-six letters a to z;last;");
    }
}

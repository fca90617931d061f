//! The only types that the page sees, and the binary frame that carries them.
//!
//! Codes and typed values cross the wire; the page writes the sentences. TypeScript is generated from these types into
//! `ui/src/api/wire.ts`; a test fails when that file is stale (`cargo xtask codegen` writes it).
#![warn(missing_docs)]

pub mod alert;
pub mod codegen;
pub mod editor;
pub mod error;
pub mod frame;
pub mod investigation;
pub mod kiosk;
pub mod logs;
pub mod remark;
pub mod reports;
pub mod rota;
pub mod traces;
pub mod view;

pub use alert::*;
pub use editor::*;
pub use error::{ErrorCode, ErrorView};
pub use frame::{ComingBoard, FrameHead, FrameWriter, Patch, QueryFrame, ReadyBoard};
pub use investigation::*;
pub use kiosk::*;
pub use logs::*;
pub use remark::*;
pub use reports::*;
pub use rota::*;
pub use traces::*;
pub use view::*;

//! Outside systems behind small traits; their wire formats become the model.
#![warn(missing_docs)]

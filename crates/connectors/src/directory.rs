//! The directory: every bank we know is one row of data.

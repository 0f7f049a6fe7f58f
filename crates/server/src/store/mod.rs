//! All SQL lives here.

pub mod db;

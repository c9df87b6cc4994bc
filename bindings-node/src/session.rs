//! What is kept and come back to: collectors, analyses by batches, and the columns that go there and
//! come back as typed arrays.

use napi::bindgen_prelude::{Float64Array, Uint32Array};
use napi_derive::napi;
use serde_json::Value;
use sizewell::{api, wire};

use crate::refused;

/// Columns apart from the JSON that they belong to.
#[napi]
pub struct Columns(api::Columns);

#[napi]
impl Columns {
    /// No columns.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self(api::Columns::default())
    }

    /// Puts in a column of floats.
    #[napi]
    pub fn put_floats(&mut self, path: String, column: Float64Array) {
        self.0.put_floats(path, column.to_vec());
    }

    /// Puts in a column of whole numbers.
    #[napi]
    pub fn put_counts(&mut self, path: String, column: Uint32Array) {
        self.0.put_counts(path, column.to_vec());
    }

    /// Puts in a text.
    #[napi]
    pub fn put_text(&mut self, path: String, text: String) {
        self.0.put_text(path, text);
    }

    /// Paths of the columns of floats.
    #[napi]
    pub fn float_paths(&self) -> Vec<String> {
        self.0.float_paths()
    }

    /// Paths of the columns of whole numbers.
    #[napi]
    pub fn count_paths(&self) -> Vec<String> {
        self.0.count_paths()
    }

    /// Takes out a column of floats.
    #[napi]
    pub fn take_floats(&mut self, path: String) -> Option<Float64Array> {
        self.0.take_floats(&path).map(Into::into)
    }

    /// Takes out a column of whole numbers.
    #[napi]
    pub fn take_counts(&mut self, path: String) -> Option<Uint32Array> {
        self.0.take_counts(&path).map(Into::into)
    }

    /// Calls a function of traces with these columns; afterwards they are those of its answer.
    #[napi]
    pub fn call(&mut self, function: String, argument: String) -> napi::Result<String> {
        let argument: Value = wire::from_json(&argument, "request").map_err(refused)?;
        api::call_with_columns(&function, argument, &mut self.0).map_err(refused)
    }
}

/// A collector, or an analysis by batches.
#[napi]
pub struct Session(api::Session);

#[napi]
impl Session {
    /// One of a class, with the JSON of its options.
    #[napi(factory)]
    pub fn of(class: String, options: String) -> napi::Result<Self> {
        let options = wire::read_json_argument(&options, "options");
        options.and_then(|options| api::Session::new(&class, options)).map(Self).map_err(refused)
    }

    /// Calls a method; `arguments` is the JSON of their list.
    #[napi]
    pub fn call(&mut self, method: String, arguments: String) -> napi::Result<String> {
        self.0.call_json(&method, &arguments, &mut api::Columns::default()).map_err(refused)
    }

    /// Calls a method with columns apart.
    #[napi]
    pub fn call_with(
        &mut self,
        method: String,
        arguments: String,
        columns: &mut Columns,
    ) -> napi::Result<String> {
        self.0.call_json(&method, &arguments, &mut columns.0).map_err(refused)
    }
}

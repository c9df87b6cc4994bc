//! What is kept and come back to: collectors, analyses by batches, and the columns that go there and
//! come back as typed arrays.

use serde_json::Value;
use sizewell::{api, wire};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::refused;

/// Columns apart from the JSON that they belong to.
#[wasm_bindgen]
pub struct Columns(api::Columns);

#[wasm_bindgen]
impl Columns {
    /// No columns.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self(api::Columns::default())
    }

    /// Puts in a column of floats.
    #[wasm_bindgen(js_name = putFloats)]
    pub fn put_floats(&mut self, path: String, column: Vec<f64>) {
        self.0.put_floats(path, column);
    }

    /// Puts in a column of whole numbers.
    #[wasm_bindgen(js_name = putCounts)]
    pub fn put_counts(&mut self, path: String, column: Vec<u32>) {
        self.0.put_counts(path, column);
    }

    /// Puts in a text.
    #[wasm_bindgen(js_name = putText)]
    pub fn put_text(&mut self, path: String, text: String) {
        self.0.put_text(path, text);
    }

    /// Paths of the columns of floats.
    #[wasm_bindgen(js_name = floatPaths)]
    pub fn float_paths(&self) -> Vec<String> {
        self.0.float_paths()
    }

    /// Paths of the columns of whole numbers.
    #[wasm_bindgen(js_name = countPaths)]
    pub fn count_paths(&self) -> Vec<String> {
        self.0.count_paths()
    }

    /// Takes out a column of floats.
    #[wasm_bindgen(js_name = takeFloats)]
    pub fn take_floats(&mut self, path: &str) -> Option<Vec<f64>> {
        self.0.take_floats(path)
    }

    /// Takes out a column of whole numbers.
    #[wasm_bindgen(js_name = takeCounts)]
    pub fn take_counts(&mut self, path: &str) -> Option<Vec<u32>> {
        self.0.take_counts(path)
    }

    /// Calls a function of traces with these columns; afterwards they are those of its answer.
    pub fn call(&mut self, function: &str, argument: &str) -> Result<String, JsValue> {
        let argument: Value = wire::from_json(argument, "request").map_err(refused)?;
        api::call_with_columns(function, argument, &mut self.0).map_err(refused)
    }
}

/// A collector, or an analysis by batches.
#[wasm_bindgen]
pub struct Session(api::Session);

#[wasm_bindgen]
impl Session {
    /// One of a class, with the JSON of its options.
    pub fn of(class: &str, options: &str) -> Result<Self, JsValue> {
        let options = wire::read_json_argument(options, "options");
        options.and_then(|options| api::Session::new(class, options)).map(Self).map_err(refused)
    }

    /// Calls a method; `arguments` is the JSON of their list.
    pub fn call(&mut self, method: &str, arguments: &str) -> Result<String, JsValue> {
        self.0.call_json(method, arguments, &mut api::Columns::default()).map_err(refused)
    }

    /// Calls a method with columns apart.
    #[wasm_bindgen(js_name = callWith)]
    pub fn call_with(
        &mut self,
        method: &str,
        arguments: &str,
        columns: &mut Columns,
    ) -> Result<String, JsValue> {
        self.0.call_json(method, arguments, &mut columns.0).map_err(refused)
    }
}

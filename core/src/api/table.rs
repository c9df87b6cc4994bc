//! How the table of functions becomes calls by name, and signatures for the generators of other
//! languages.

/// A public function as the generators of other languages see it.
#[cfg(feature = "schema")]
#[derive(Debug, Clone)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// What it does, and under `# Errors` what it refuses, as a doc comment says it.
    pub about: &'static str,
    /// Its arguments, in their order.
    pub arguments: Vec<Argument>,
    /// Whether it looks into a catalog, which is then the last argument.
    pub takes_catalog: bool,
    /// The schema of its answer, or a reference to it.
    pub answer: schemars::Schema,
}

/// An argument of a [`Signature`].
#[cfg(feature = "schema")]
#[derive(Debug, Clone)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Whether it may be left out.
    pub is_optional: bool,
    /// Its schema, or a reference to it.
    pub kind: schemars::Schema,
}

/// One line for each function: its name, its arguments with their types (`[change]` where what is given
/// is changed before it is read, `= default` where it may be left out), `; catalog` where it looks into the catalog and `; catalog + rows` where its last
/// argument are rows to be laid over that, the type of its answer, and how the answer is found.
macro_rules! functions {
    ($(
        $(#[doc = $about:literal])*
        $name:ident($($argument:ident: $kind:ty $([$reader:expr])? $(= $default:ident)?),* $(; $catalog:ident $(+ $rows:ident)?)?)
            -> $answer:ty = $work:expr;
    )*) => {
        /// The functions that [`call`](super::call) knows, with the number of arguments that each needs
        /// at least and takes at most.
        pub const FUNCTIONS: &[(&str, usize, usize)] = &[$((
            stringify!($name),
            0usize $(+ functions!(@least $argument $($default)?))*,
            0 $(+ functions!(@one $argument))* $($(+ functions!(@one $rows))?)?,
        )),*];

        pub(super) fn dispatch<F: Form>(
            catalog: &Catalog,
            function: &str,
            arguments: &[Value],
            form: F,
        ) -> Result<F::Written> {
            let mut arguments = Arguments::new(function, arguments)?;
            $(if function == stringify!($name) {
                $(
                    let given = arguments.next();
                    $(let given = $reader(given)?;)?
                    let $argument: $kind = functions!(@read given, $argument $(, $default)?)?;
                )*
                $(let $catalog = &functions!(@catalog catalog, arguments $(, $rows)?);)?
                let answer: $answer = $work;
                return form.write(answer);
            })*
            Err(unknown(function))
        }

        /// What each function takes and answers; the types that they name are defined in `generator`.
        #[cfg(feature = "schema")]
        pub fn signatures(generator: &mut schemars::SchemaGenerator) -> Vec<Signature> {
            vec![$(Signature {
                name: stringify!($name),
                about: concat!($($about, "\n"),*),
                arguments: vec![$(Argument {
                    name: stringify!($argument),
                    is_optional: functions!(@least $argument $($default)?) == 0,
                    kind: generator.subschema_for::<$kind>(),
                }),*],
                takes_catalog: false $(|| functions!(@one $catalog) == 1)?,
                answer: generator.subschema_for::<$answer>(),
            }),*]
        }
    };
    (@read $given:ident, $argument:ident) => { read($given, stringify!($argument)) };
    (@read $given:ident, $argument:ident, default) => { optional($given, stringify!($argument)) };
    (@one $anything:ident) => { 1 };
    (@least $argument:ident) => { 1 };
    (@least $argument:ident $default:ident) => { 0 };
    (@catalog $catalog:ident, $arguments:ident) => { $catalog };
    (@catalog $catalog:ident, $arguments:ident, $rows:ident) => { layered($catalog, $arguments.next())? };
}

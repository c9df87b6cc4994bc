//! `cargo xtask codegen`: the files that follow from the core's serde types, and the table of names
//! that follows from the catalog. The Rust types are the
//! only definition of the data; their schemas (by schemars, doc comments included) become the
//! TypeScript declarations, the Pydantic models and the JSON schema of an intent. The core's table of
//! functions becomes Python's wrappers and the functions of both npm packages.

mod aliases;
mod doc;
mod functions;
mod javascript;
mod pydantic;
mod schema;
mod typescript;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// What refreshes the files, as their headers and the check say it.
const COMMAND: &str = "cargo xtask codegen";

/// A file's path from the repository's root, and what belongs into it.
struct Generated {
    path: &'static str,
    text: String,
}

/// Writes the generated files, or with `--check` compares them with what is there.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => bail!("takes no arguments but `--check`"),
    };
    let root = crate::root();
    let files = generate()?;
    let stale = stale(root, &files)?;
    if check && !stale.is_empty() {
        let paths: Vec<&str> = stale.iter().map(|file| file.path).collect();
        bail!("stale: {}\nrun `{COMMAND}` and commit what it writes", paths.join(", "));
    }
    for file in stale {
        let path = root.join(file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&path, &file.text).with_context(|| format!("cannot write {}", file.path))?;
        println!("wrote {}", file.path);
    }
    Ok(())
}

fn generate() -> Result<Vec<Generated>> {
    let types = schema::types()?;
    let declarations = typescript::declarations(&types);
    let functions = functions::functions()?;
    Ok(vec![
        Generated { path: "core/src/workload/intent.schema.json", text: schema::intent()? },
        Generated { path: "bindings-node/types.d.ts", text: declarations.clone() },
        Generated { path: "bindings-wasm/types.d.ts", text: declarations },
        Generated { path: "docs/ALIASES.md", text: aliases::table(sizewell_data::catalog()) },
        Generated { path: "bindings-python/python/sizewell/models.py", text: pydantic::models(&types)? },
        Generated {
            path: "bindings-python/python/sizewell/_functions.py",
            text: functions::python(&functions, &types),
        },
        Generated { path: "bindings-node/lib/functions.js", text: javascript::common_table(&functions) },
        Generated {
            path: "bindings-node/lib/functions.d.ts",
            text: javascript::declarations(&functions, &types),
        },
        Generated { path: "bindings-node/index.mjs", text: javascript::node_module(&functions) },
        Generated {
            path: "bindings-node/index.d.ts",
            text: javascript::node_declarations(&functions, &types),
        },
        Generated { path: "bindings-wasm/functions.js", text: javascript::module_table(&functions) },
        Generated { path: "bindings-wasm/index.js", text: javascript::browser_module(&functions) },
    ])
}

/// Those of the files that are missing or hold something else.
fn stale<'a>(root: &Path, files: &'a [Generated]) -> Result<Vec<&'a Generated>> {
    let mut found = Vec::new();
    for file in files {
        match fs::read_to_string(root.join(file.path)) {
            Ok(text) if text == file.text => {}
            Ok(_) => found.push(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => found.push(file),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.path)),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generating_twice_gives_the_same() {
        let texts = |files: Vec<Generated>| files.into_iter().map(|file| file.text).collect::<Vec<_>>();
        assert_eq!(texts(generate().unwrap()), texts(generate().unwrap()));
    }

    #[test]
    fn missing_and_changed_files_are_stale() {
        let root = std::env::temp_dir().join(format!("sizewell-codegen-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let file = |path| Generated { path, text: "new\n".to_owned() };
        let files = [file("same"), file("changed"), file("missing")];
        fs::write(root.join("same"), "new\n").unwrap();
        fs::write(root.join("changed"), "old\n").unwrap();
        let paths: Vec<&str> = stale(&root, &files).unwrap().iter().map(|file| file.path).collect();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(paths, ["changed", "missing"]);
    }
}

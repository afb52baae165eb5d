//! Images: each can be built from its build context, which an ignore file selects from the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

fn root() -> PathBuf {
    // Tests run in the folder of the package.
    normal(&std::path::absolute("..").expect("a working folder"))
}

/// Returns a path without `.` and `..`. The file need not exist.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
        path
    })
}

/// Returns every file that a commit would contain, relative to the root.
fn files() -> Result<Vec<PathBuf>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()?;
    ensure!(
        listed.status.success(),
        "git: {}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout)?;
    let names = names.split('\0').filter(|name| !name.is_empty());
    // Git also lists deleted files.
    Ok(names
        .map(PathBuf::from)
        .filter(|name| root().join(name).is_file())
        .collect())
}

fn named(files: &[PathBuf], is_one: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let named = |file: &&PathBuf| {
        file.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(&is_one)
    };
    files.iter().filter(named).cloned().collect()
}

/// The rules of an ignore file. The last rule that matches a file, or a folder above it, decides.
/// <https://docs.docker.com/build/concepts/context/#dockerignore-files>
struct Ignored(Vec<(String, bool)>);

impl Ignored {
    fn read(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let rules = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rules = rules.map(|rule| {
            let (pattern, ignores) = match rule.strip_prefix('!') {
                Some(pattern) => (pattern, false),
                None => (rule, true),
            };
            (pattern.trim_matches('/').to_owned(), ignores)
        });
        Self(rules.collect())
    }

    fn holds(&self, file: &Path) -> bool {
        let matches = |pattern: &str| {
            let pattern: Vec<_> = pattern.split('/').collect();
            let with_folders = file.ancestors().filter(|folder| folder.parent().is_some());
            with_folders
                .map(|path| path.iter().filter_map(|name| name.to_str()).collect::<Vec<_>>())
                .any(|path| matches_path(&pattern, &path))
        };
        let last = self.0.iter().rfind(|(pattern, _)| matches(pattern));
        last.is_some_and(|(_, ignores)| *ignores)
    }
}

fn matches_path(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**"], rest) => !rest.is_empty(),
        (["**", pattern @ ..], path) => (0..=path.len()).any(|from| matches_path(pattern, &path[from..])),
        ([name, pattern @ ..], [first, path @ ..]) => {
            matches_name(name, first) && matches_path(pattern, path)
        }
        _ => false,
    }
}

fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|behind| {
            let mut ends = behind.char_indices().map(|(at, _)| at).chain([behind.len()]);
            ends.any(|at| matches_name(rest, &behind[at..]))
        }),
    }
}

/// A Dockerfile, with the files of the repository in its build context.
struct Image {
    dockerfile: PathBuf,
    text: String,
    context: BTreeSet<PathBuf>,
}

fn images() -> Result<Vec<Image>> {
    let files = files()?;
    let dockerfiles = named(&files, |name| {
        name.starts_with("Dockerfile") || name.ends_with("Dockerfile")
    });
    ensure!(dockerfiles.len() >= 3, "only {dockerfiles:?} were found");
    let images = dockerfiles.into_iter().map(|dockerfile| {
        let text = fs::read_to_string(root().join(&dockerfile))?;
        // Docker looks for this name if it has the Dockerfile from standard input, as wrangler gives it.
        let ignored = Ignored::read(&fs::read_to_string(root().join(".dockerignore"))?);
        let context = files.iter().filter(|file| !ignored.holds(file)).cloned();
        Ok(Image {
            dockerfile,
            context: context.collect(),
            text,
        })
    });
    images.collect()
}

/// Returns the package of this workspace that a Dockerfile builds.
fn package(image: &Image) -> Result<&str> {
    let lines = image.text.lines().filter(|line| !line.starts_with('#'));
    let words: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    let at = words.iter().position(|word| matches!(*word, "--package" | "-p"));
    let package = at.and_then(|at| words.get(at + 1)).copied();
    package.with_context(|| format!("{}: no package is built", image.dockerfile.display()))
}

#[test]
fn rules_of_an_ignore_file() {
    let ignored = Ignored::read("# a comment\n**\n!a\n!/b/*.toml\na/**/target\n**/*.log\n");
    for (file, expected) in [
        ("x", true),
        ("a/b/c", false),
        ("b/c.toml", false),
        ("b/c/d.toml", true),
        ("a/target/x", true),
        ("a/b/target/x", true),
        ("a/b.log", true),
        ("aa/b", true),
    ] {
        assert_eq!(ignored.holds(Path::new(file)), expected, "{file}");
    }
}

/// Cargo rejects a workspace if a member is missing, and it reads the build context only.
#[test]
fn the_workspace_resolves_in_every_build_context() -> Result<()> {
    for image in images()? {
        let folder = TempDir::new()?;
        for file in &image.context {
            let copy = folder.path().join(file);
            fs::create_dir_all(copy.parent().context("a folder")?)?;
            fs::copy(root().join(file), copy)?;
        }
        let resolved = Command::new(env!("CARGO"))
            .args(["metadata", "--offline", "--locked", "--format-version", "1"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(folder.path())
            .output()?;
        let name = image.dockerfile.display();
        ensure!(
            resolved.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&resolved.stderr)
        );
        let metadata: serde_json::Value = serde_json::from_slice(&resolved.stdout)?;
        let package = package(&image)?;
        let mut packages = metadata["packages"].as_array().into_iter().flatten();
        ensure!(
            packages.any(|known| known["name"] == package),
            "{name}: there is no package {package}"
        );
    }
    Ok(())
}

/// Inputs are sources, included texts, and files that build scripts read. The compiler lists them for the last build.
#[test]
fn every_input_of_a_program_is_in_its_build_context() -> Result<()> {
    for image in images()? {
        let package = package(&image)?.to_owned();
        let program = lakefront_tests::command(package.leak())?;
        let list = PathBuf::from(format!("{}.d", Path::new(program.get_program()).display()));
        let inputs = fs::read_to_string(&list).with_context(|| {
            format!(
                "{}: build the programs into the folder of the tests",
                list.display()
            )
        })?;
        let inputs: Vec<_> = inputs
            .split_whitespace()
            .filter_map(|input| Some(normal(Path::new(input)).strip_prefix(root()).ok()?.to_owned()))
            // Lint settings are not part of an image. A file may have been deleted since the build.
            .filter(|input| input != Path::new("clippy.toml") && root().join(input).exists())
            .collect();
        ensure!(
            inputs.len() > 20,
            "{}: only {} inputs",
            list.display(),
            inputs.len()
        );
        let has = |input: &PathBuf| image.context.iter().any(|file| file.starts_with(input));
        let missing: Vec<_> = inputs.iter().filter(|input| !has(input)).collect();
        ensure!(
            missing.is_empty(),
            "{} leaves out {missing:?}",
            image.dockerfile.display()
        );
    }
    Ok(())
}

#[test]
fn images_are_small_for_amd64_and_run_without_root() -> Result<()> {
    for image in images()? {
        let name = image.dockerfile.display();
        let instructions: Vec<Vec<_>> = image
            .text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let mut stages = instructions.split(|words| words.first() == Some(&"FROM"));
        let bases: Vec<_> = instructions
            .iter()
            .filter(|words| words.first() == Some(&"FROM"))
            .collect();
        ensure!(
            bases
                .iter()
                .all(|base| base.get(1) == Some(&"--platform=linux/amd64")),
            "{name}: a stage has no platform"
        );
        let base = bases.last().and_then(|base| base.get(2));
        ensure!(base == Some(&"debian:bookworm-slim"), "{name} is on {base:?}");
        let last = stages.next_back().context("a stage")?;
        let user = last
            .iter()
            .rfind(|words| words.first() == Some(&"USER"))
            .and_then(|words| words.get(1));
        ensure!(
            user.is_some_and(|user| !matches!(*user, "root" | "0")),
            "{name} runs as {user:?}"
        );
    }
    Ok(())
}

/// Configurations of deployments name files relative to themselves.
#[test]
fn deployments_name_files_that_exist() -> Result<()> {
    let files = files()?;
    let mut named_files = 0;
    for config in named(&files, |name| {
        name.ends_with(".toml") && (name.starts_with("fly") || name.starts_with("wrangler"))
    }) {
        let text = fs::read_to_string(root().join(&config))?;
        let table: toml::Table = text.parse().with_context(|| config.display().to_string())?;
        let list = |name: &str| {
            table
                .get(name)
                .and_then(toml::Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let build = |name| table.get("build").and_then(|build| build.get(name)).cloned();
        let built_from = build("dockerfile").into_iter().chain(build("ignorefile"));
        let local = list("files")
            .into_iter()
            .filter_map(|file| file.get("local_path").cloned());
        let images = list("containers")
            .into_iter()
            .filter_map(|container| container.get("image").cloned());
        for name in local.chain(images).chain(built_from) {
            let name = name.as_str().context("a text")?;
            let file = normal(&root().join(&config).with_file_name(name));
            ensure!(
                file.is_file(),
                "{} names {name}, which is not there",
                config.display()
            );
            named_files += 1;
        }
    }
    ensure!(named_files >= 6, "only {named_files} files are named");
    Ok(())
}

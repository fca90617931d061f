//! The vault: what it keeps, what it refuses, what it never shows.

use model::Secret;
use secrets::{Backend, KeyringFault, Options, Passphrase, SecretError, SecretStore};
use std::fs;
use std::path::Path;

fn options(dir: &Path) -> Options {
    Options {
        keyring: false,
        ..Options::new(dir)
    }
}

fn with_passphrase(dir: &Path, passphrase: &str) -> Options {
    Options {
        passphrase: Passphrase::Given(Secret::new(passphrase)),
        ..options(dir)
    }
}

fn open(options: &Options) -> SecretStore {
    SecretStore::open(options).expect("the vault opens")
}

fn value(store: &SecretStore, name: &str) -> Option<String> {
    let found = store.get(name).expect("the vault answers");
    found.map(|s| s.expose().to_owned())
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn what_is_stored_is_there_after_a_restart() {
    let dir = folder();
    let home = dir.path().join("new/folder");
    let store = open(&options(&home));
    assert_eq!(
        *store.backend(),
        Backend::Vault {
            because: KeyringFault::Disabled
        }
    );
    assert!(!home.exists(), "opening makes no files");
    assert_eq!(value(&store, "prometheus"), None);
    store
        .set("prometheus", &Secret::new("密码 hunter2\n"))
        .expect("stored");
    store.set("b.token-1", &Secret::new("x")).expect("stored");
    store
        .set("b.token-1", &Secret::new("y"))
        .expect("stored over");
    let again = open(&options(&home));
    assert_eq!(
        value(&again, "prometheus").as_deref(),
        Some("密码 hunter2\n")
    );
    assert_eq!(value(&again, "b.token-1").as_deref(), Some("y"));
    assert_eq!(again.list().expect("names"), ["b.token-1", "prometheus"]);
    // the store that was open all the time sees what another process does
    assert!(again.delete("prometheus").expect("deleted"));
    assert!(!again.delete("prometheus").expect("it is gone"));
    assert_eq!(value(&store, "prometheus"), None);
}

#[test]
fn nothing_can_be_read_in_the_files() {
    let dir = folder();
    let store = open(&options(dir.path()));
    store
        .set("the-name", &Secret::new("hunter2-hunter2"))
        .expect("stored");
    let first = fs::read(dir.path().join("secrets.vault")).expect("the vault");
    for file in fs::read_dir(dir.path()).expect("files").flatten() {
        let bytes = fs::read(file.path()).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("hunter2") && !text.contains("the-name"),
            "{file:?}"
        );
    }
    store
        .set("the-name", &Secret::new("hunter2-hunter2"))
        .expect("stored again");
    let second = fs::read(dir.path().join("secrets.vault")).expect("the vault");
    assert_ne!(first, second, "a nonce is never used twice");
    let shown = format!("{store:?} {:?}", with_passphrase(dir.path(), "open sesame"));
    assert!(
        !shown.contains("sesame") && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder();
    let home = dir.path().join("home");
    open(&options(&home))
        .set("a", &Secret::new("1"))
        .expect("stored");
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&home), 0o700);
    let key = home.join("secrets.key");
    assert_eq!(mode(&key), 0o600);
    assert_eq!(mode(&home.join("secrets.vault")), 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("changed");
    let refused = SecretStore::open(&options(&home)).map(|_| ());
    assert_eq!(
        refused,
        Err(SecretError::Permissions {
            path: key,
            mode: 0o640
        })
    );
}

#[test]
fn a_wrong_key_is_told_from_a_damaged_vault() {
    let dir = folder();
    let path = dir.path().join("secrets.vault");
    open(&with_passphrase(dir.path(), "right"))
        .set("a", &Secret::new("1"))
        .expect("stored");
    let opened =
        |passphrase| SecretStore::open(&with_passphrase(dir.path(), passphrase)).map(|_| ());
    assert_eq!(opened("right"), Ok(()));
    assert_eq!(
        opened("wrong"),
        Err(SecretError::WrongKey { path: path.clone() })
    );
    assert_eq!(
        opened(""),
        Err(SecretError::NoPassphrase { from: "-".into() })
    );
    let by_machine = SecretStore::open(&options(dir.path())).map(|_| ());
    assert_eq!(
        by_machine,
        Err(SecretError::OtherKind {
            path,
            with_passphrase: true
        })
    );
}

#[test]
fn every_changed_byte_is_noticed() {
    let dir = folder();
    let path = dir.path().join("secrets.vault");
    let store = open(&options(dir.path()));
    store.set("a", &Secret::new("1")).expect("stored");
    let whole = fs::read(&path).expect("the vault");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).expect("written");
        assert!(store.get("a").is_err(), "byte {at}");
        assert!(
            store.set("b", &Secret::new("2")).is_err(),
            "byte {at}: not written over"
        );
    }
    for length in [0, 7, 40, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("written");
        assert_eq!(
            store.get("a").map(|_| ()),
            Err(SecretError::Damaged { path: path.clone() })
        );
    }
    let mut newer = whole.clone();
    newer[8] = 9;
    fs::write(&path, &newer).expect("written");
    assert_eq!(
        store.get("a").map(|_| ()),
        Err(SecretError::Version {
            path: path.clone(),
            version: 9
        })
    );
    // a cost that would eat the machine
    let mut dear = whole.clone();
    dear[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
    fs::write(&path, &dear).expect("written");
    assert_eq!(
        store.get("a").map(|_| ()),
        Err(SecretError::Damaged { path: path.clone() })
    );
    fs::write(&path, vec![0; 5 << 20]).expect("written");
    assert_eq!(
        store.get("a").map(|_| ()),
        Err(SecretError::Damaged { path: path.clone() })
    );
    fs::write(&path, &whole).expect("written");
    assert_eq!(value(&store, "a").as_deref(), Some("1"));
}

#[test]
fn a_vault_without_its_machine_key_belongs_elsewhere() {
    let (here, there) = (folder(), folder());
    for dir in [&here, &there] {
        open(&options(dir.path()))
            .set("a", &Secret::new("1"))
            .expect("stored");
    }
    let path = there.path().join("secrets.vault");
    fs::copy(here.path().join("secrets.vault"), &path).expect("copied");
    let refused = SecretStore::open(&options(there.path())).map(|_| ());
    assert_eq!(refused, Err(SecretError::WrongKey { path: path.clone() }));
    fs::remove_file(there.path().join("secrets.key")).expect("removed");
    let refused = SecretStore::open(&options(there.path())).map(|_| ());
    assert_eq!(refused, Err(SecretError::WrongKey { path }));
}

#[test]
fn a_passphrase_from_a_file_or_the_environment() {
    let dir = folder();
    let file = dir.path().join("passphrase");
    fs::write(&file, "open sesame\nnot this line\n").expect("written");
    let by_file = Options {
        passphrase: Passphrase::File(file.clone()),
        ..options(dir.path())
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changed");
        let store = SecretStore::open(&by_file).expect("no vault yet");
        let refused = store.set("a", &Secret::new("1"));
        assert!(
            matches!(refused, Err(SecretError::Permissions { mode: 0o644, .. })),
            "{refused:?}"
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("changed");
    }
    open(&by_file).set("a", &Secret::new("1")).expect("stored");
    assert_eq!(
        value(&open(&with_passphrase(dir.path(), "open sesame")), "a").as_deref(),
        Some("1")
    );
    let unset = "SHOUWANG_TEST_VARIABLE_THAT_NOBODY_SETS";
    let by_env = Options {
        passphrase: Passphrase::Env(unset.into()),
        ..options(dir.path())
    };
    assert_eq!(
        SecretStore::open(&by_env).map(|_| ()),
        Err(SecretError::NoPassphrase { from: unset.into() })
    );
    let chosen = |set: &'static [(&'static str, &'static str)]| {
        Passphrase::from_environment(|name| {
            set.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| (*v).into())
        })
    };
    assert!(matches!(chosen(&[]), Passphrase::MachineKey));
    assert!(matches!(
        chosen(&[("SHOUWANG_VAULT_PASSPHRASE", "")]),
        Passphrase::MachineKey
    ));
    assert!(matches!(
        chosen(&[("SHOUWANG_VAULT_PASSPHRASE", "x")]),
        Passphrase::Env(_)
    ));
    assert!(matches!(
        chosen(&[("CREDENTIALS_DIRECTORY", "/nowhere")]),
        Passphrase::MachineKey
    ));
}

#[test]
fn names_and_values_that_are_not_allowed() {
    let dir = folder();
    let store = open(&options(dir.path()));
    for name in ["", "_names", "-a", "a b", "a/b", "名", &"x".repeat(65)] {
        assert_eq!(
            store.set(name, &Secret::new("1")),
            Err(SecretError::Name),
            "{name}"
        );
        assert_eq!(
            store.get(name).map(|_| ()),
            Err(SecretError::Name),
            "{name}"
        );
    }
    assert_eq!(store.set("a", &Secret::new("")), Err(SecretError::Empty));
    let long = Secret::new("x".repeat(65_537));
    assert_eq!(
        store.set("a", &long),
        Err(SecretError::TooLong { limit: 65_536 })
    );
    assert!(!dir.path().join("secrets.vault").exists());
}

#[test]
fn many_writers_lose_nothing() {
    let dir = folder();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let options = options(dir.path());
            scope.spawn(move || {
                let store = open(&options);
                for i in 0..5 {
                    store
                        .set(&format!("w{writer}-{i}"), &Secret::new("1"))
                        .expect("stored");
                }
            });
        }
    });
    assert_eq!(open(&options(dir.path())).list().expect("names").len(), 20);
}

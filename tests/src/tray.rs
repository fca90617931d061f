//! A tray on the session bus: takes icons in, shows their menu, chooses an entry. As KDE's StatusNotifierItem and Canonical's dbusmenu have it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use zbus::blocking::{Connection, Proxy, connection};
use zbus::interface;
use zbus::message::Header;
use zbus::zvariant::{OwnedValue, Structure, Value};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const MENU: &str = "com.canonical.dbusmenu";
const PATIENCE: Duration = Duration::from_secs(20);

/// Who has registered: the program's bus name and the icon's path.
type Item = (String, String);

#[derive(Debug, Default)]
struct Items {
    all: Mutex<Vec<Item>>,
    changed: Condvar,
}

struct Watcher(Arc<Items>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let item = if service.starts_with('/') {
            (sender, service)
        } else {
            (service, "/StatusNotifierItem".to_owned())
        };
        let mut all = self.0.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(item);
        self.0.changed.notify_all();
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        let all = self.0.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .map(|(name, path)| format!("{name}{path}"))
            .collect()
    }
}

/// A tray. Programs that are started after it put their icons there.
#[derive(Debug)]
pub struct Tray {
    items: Arc<Items>,
    connection: Connection,
}

/// An entry of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    id: i32,
    /// What it says; empty for a line.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
}

impl Tray {
    /// On the bus at `address`.
    ///
    /// # Panics
    /// When the bus is not there, or has a tray already.
    pub fn start(address: &str) -> Self {
        let items = Arc::new(Items::default());
        let connection = connection::Builder::address(address)
            .and_then(|b| b.serve_at("/StatusNotifierWatcher", Watcher(Arc::clone(&items))))
            .and_then(|b| b.name(WATCHER))
            .and_then(connection::Builder::build)
            .expect("a connection to the bus");
        Self { items, connection }
    }

    /// The first icon, as soon as there is one.
    fn item(&self) -> Item {
        let all = self
            .items
            .all
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (all, _) = self
            .items
            .changed
            .wait_timeout_while(all, PATIENCE, |all| all.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        all.first().cloned().expect("an icon in the tray")
    }

    fn proxy<'a>(&self, name: String, path: String, interface: &'a str) -> Proxy<'a> {
        Proxy::new(&self.connection, name, path, interface).expect("a proxy")
    }

    fn menu_proxy(&self) -> Proxy<'static> {
        let (name, path) = self.item();
        let item = self.proxy(name.clone(), path, "org.kde.StatusNotifierItem");
        let menu: zbus::zvariant::OwnedObjectPath =
            item.get_property("Menu").expect("the icon has a menu");
        self.proxy(name, menu.to_string(), MENU)
    }

    /// The file of the icon's picture.
    ///
    /// # Panics
    /// When there is no icon.
    pub fn icon(&self) -> String {
        let (name, path) = self.item();
        let item = self.proxy(name, path, "org.kde.StatusNotifierItem");
        // a proxy remembers properties; a new one does not
        item.get_property("IconName").expect("the icon has a name")
    }

    /// Whether the program whose icon it is still runs.
    ///
    /// # Panics
    /// When the bus is gone.
    pub fn is_owner_there(&self) -> bool {
        let (name, _) = self.item();
        let answer = self
            .connection
            .call_method(
                Some("org.freedesktop.DBus"),
                "/org/freedesktop/DBus",
                Some("org.freedesktop.DBus"),
                "NameHasOwner",
                &name,
            )
            .expect("the bus answers");
        answer.body().deserialize().expect("yes or no")
    }

    /// The menu's entries.
    ///
    /// # Panics
    /// When there is no icon or no menu.
    pub fn menu(&self) -> Vec<Entry> {
        let answer = self
            .menu_proxy()
            .call_method("GetLayout", &(0i32, -1i32, Vec::<String>::new()))
            .expect("the menu answers");
        let body = answer.body();
        let (_, (_, _, entries)): (u32, MenuNode) = body.deserialize().expect("a menu's layout");
        entries.iter().filter_map(entry).collect()
    }

    /// Chooses the entry that says so.
    ///
    /// # Panics
    /// When there is none.
    pub fn choose(&self, label: &str) {
        let menu = self.menu();
        let entry = menu.iter().find(|e| e.label == label);
        let entry = entry.unwrap_or_else(|| panic!("no {label:?} in {menu:?}"));
        self.menu_proxy()
            .call_method("Event", &(entry.id, "clicked", Value::from(0i32), 0u32))
            .expect("the entry can be chosen");
    }
}

/// A node of a menu as `com.canonical.dbusmenu` sends it: id, properties, children.
type MenuNode = (
    i32,
    std::collections::HashMap<String, OwnedValue>,
    Vec<OwnedValue>,
);

fn entry(value: &OwnedValue) -> Option<Entry> {
    let entry = value.downcast_ref::<Structure<'_>>().ok()?;
    let [id, properties, _] = entry.fields() else {
        return None;
    };
    let properties = properties
        .downcast_ref::<zbus::zvariant::Dict<'_, '_>>()
        .ok()?;
    let label: Option<String> = properties.get(&"label").ok().flatten();
    let enabled: Option<bool> = properties.get(&"enabled").ok().flatten();
    Some(Entry {
        id: id.downcast_ref::<i32>().ok()?,
        label: label.unwrap_or_default(),
        enabled: enabled.unwrap_or(true),
    })
}

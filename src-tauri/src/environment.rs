//! What must be set before GTK and WebKit start.

use std::env;
use std::ffi::{c_char, c_void};
use std::path::Path;

/// Sets the locale and the renderer, unless the user has.
pub fn prepare() {
    #[cfg(target_os = "linux")]
    {
        // The allocator asks for huge pages, and then a wall holds 190 MB of them that it hardly uses. The kernel may refuse: no harm.
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
    if cfg!(target_os = "linux") {
        let locale = effective_locale(|name| env::var(name).ok());
        if is_plain_c(&locale) {
            // In the C locale WebKit's Intl throws, and with it every chart.
            set("LANG", "zh_CN.UTF-8");
            set("LC_ALL", "zh_CN.UTF-8");
        }
        if has_no_input_method(|name| env::var(name).ok()) {
            // For Chinese GTK then takes XIM, and with no server of it WebKit 2.50 paints nothing more once a text field has the cursor.
            set("GTK_IM_MODULE", "gtk-im-context-simple");
        }
        if env::var_os("WEBKIT_DISABLE_DMABUF_RENDERER").is_none()
            && !has_usable_gpu(Path::new("/"))
        {
            // Without a GPU the DMABUF renderer costs seven times the CPU; with NVIDIA's driver the window stays blank.
            set("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        }
    }
}

/// Before the first window, and as long as there is one thread only: keeps OpenGL out of this process where it would run on the processor.
/// Nothing here draws with it then, but GTK and WebKit look which one there is, and Mesa's comes with a compiler: 20 MB that stay. The
/// pages' processes need it to begin at all and keep it.
///
/// A kiosk's pages do without JavaScriptCore's last compiler: what they draw once a second it does not make faster, and it holds 28 MB of
/// 353 (1920×1080, 24 panels).
pub fn prepare_windows(kiosk: bool) {
    crate::memory::keep_few_holes(set);
    let program = env::current_exe().unwrap_or_default();
    if let Some(directories) = modules(&program, env::var(GIO_MODULES).ok()) {
        set(GIO_MODULES, &directories);
    }
    if kiosk {
        crate::memory::keep_no_reserve();
    }
    if kiosk && cfg!(target_os = "linux") && env::var_os(LAST_COMPILER).is_none() {
        set(LAST_COMPILER, "0");
    }
    if cfg!(target_os = "linux") && env::var_os("WEBKIT_DISABLE_DMABUF_RENDERER").is_some() {
        if env::var_os("GDK_GL").is_none() {
            set("GDK_GL", "disable");
        }
        if env::var_os(EGL_VENDORS).is_none() {
            set(EGL_VENDORS, "/dev/null");
            ask_for_egl();
            unset(EGL_VENDORS);
        }
    }
}

/// Directories with modules of GIO's, separated by colons. WebKit's processes inherit it.
const GIO_MODULES: &str = "GIO_EXTRA_MODULES";

/// The module with which WebKit's processes give back what only their start needed (`reclaim::gio_module`) lies beside the program; its directory
/// with those that are `given`. Without it they keep that. GIO loads every library of a directory, so one with others in it is not named:
/// whoever puts the program among downloaded files does not want those to run.
fn modules(program: &Path, given: Option<String>) -> Option<String> {
    let beside = program.parent().filter(|_| cfg!(target_os = "linux"))?;
    let files = std::fs::read_dir(beside).ok()?.flatten();
    let libraries: Vec<_> = files
        .map(|f| f.file_name())
        .filter(|name| name.as_encoded_bytes().ends_with(b".so"))
        .collect();
    let alone = libraries == ["libreclaim.so"];
    let ours = beside.to_str().filter(|p| alone && !p.contains(':'))?;
    Some(match given.filter(|g| !g.is_empty()) {
        Some(given) => format!("{given}:{ours}"),
        None => ours.to_owned(),
    })
}

/// One of the options that JavaScriptCore takes from the environment (`Source/JavaScriptCore/runtime/OptionsList.h` of WebKit). One that
/// does not know it begins all the same.
const LAST_COMPILER: &str = "JSC_useFTLJIT";

/// Where GL's dispatcher finds implementations of EGL: it reads that once, at the first call, and the processes that are started inherit
/// it (<https://gitlab.freedesktop.org/glvnd/libglvnd/-/blob/master/src/EGL/icd_enumeration.md>).
const EGL_VENDORS: &str = "__EGL_VENDOR_LIBRARY_FILENAMES";

/// The first call to EGL.
#[expect(
    unsafe_code,
    reason = "a library of the system that WebKit itself is linked with, and a call that may be made at any time"
)]
fn ask_for_egl() {
    type QueryString = unsafe extern "C" fn(*const c_void, i32) -> *const c_char;
    const EXTENSIONS: i32 = 0x3055;
    // Without the library there is nothing to be kept out.
    let Ok(egl) = (unsafe { libloading::Library::new("libEGL.so.1") }) else {
        return;
    };
    if let Ok(query) = unsafe { egl.get::<QueryString>("eglQueryString") } {
        unsafe { query(std::ptr::null(), EXTENSIONS) };
    }
    // What it has found out must stay.
    std::mem::forget(egl);
}

#[expect(
    unsafe_code,
    reason = "set_var is unsafe when other threads run; main calls this first and there are none"
)]
fn set(name: &str, value: &str) {
    unsafe { env::set_var(name, value) };
}

#[expect(
    unsafe_code,
    reason = "remove_var is unsafe when other threads run; main calls this first and there are none"
)]
fn unset(name: &str) {
    unsafe { env::remove_var(name) };
}

fn effective_locale(get: impl Fn(&str) -> Option<String>) -> String {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|n| get(n).filter(|v| !v.is_empty()))
        .unwrap_or_default()
}

/// Whether this is an X session in which nothing speaks of an input method: ibus and fcitx set one of these, Wayland has its own.
fn has_no_input_method(get: impl Fn(&str) -> Option<String>) -> bool {
    [
        "GTK_IM_MODULE",
        "XMODIFIERS",
        "QT_IM_MODULE",
        "WAYLAND_DISPLAY",
    ]
    .iter()
    .all(|name| get(name).is_none_or(|v| v.is_empty()))
}

fn is_plain_c(locale: &str) -> bool {
    matches!(locale.split('.').next(), None | Some("" | "C" | "POSIX"))
}

fn has_usable_gpu(root: &Path) -> bool {
    let nvidia = root.join("proc/driver/nvidia").exists();
    let render_node = std::fs::read_dir(root.join("dev/dri")).is_ok_and(|mut d| {
        d.any(|e| e.is_ok_and(|e| e.file_name().to_string_lossy().starts_with("renderD")))
    });
    render_node && !nvidia
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_locale_is_recognised_in_all_its_names() {
        for c in ["", "C", "POSIX", "C.UTF-8", "C.utf8"] {
            assert!(is_plain_c(c), "{c}");
        }
        assert!(!is_plain_c("zh_CN.UTF-8") && !is_plain_c("en_US"));
        let get = |n: &str| match n {
            "LC_ALL" => Some(String::new()),
            "LANG" => Some("en_US.UTF-8".to_owned()),
            _ => None,
        };
        assert_eq!(effective_locale(get), "en_US.UTF-8");
    }

    #[test]
    fn whoever_types_with_an_input_method_keeps_it() {
        assert!(has_no_input_method(|_| None));
        assert!(has_no_input_method(|_| Some(String::new())));
        for name in [
            "GTK_IM_MODULE",
            "XMODIFIERS",
            "QT_IM_MODULE",
            "WAYLAND_DISPLAY",
        ] {
            let get = |n: &str| (n == name).then(|| "fcitx".to_owned());
            assert!(!has_no_input_method(get), "{name}");
        }
    }

    #[test]
    fn the_module_is_found_beside_the_program_and_those_of_others_stay() {
        let dir = std::env::temp_dir().join(format!("shouwang-module-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("with:colon")).unwrap();
        let ours = dir.to_str().unwrap().to_owned();
        let program = dir.join("shouwang");
        assert_eq!(modules(&program, None), None);
        for place in [dir.clone(), dir.join("with:colon")] {
            std::fs::write(place.join("libreclaim.so"), "").unwrap();
        }
        assert_eq!(modules(&program, None), Some(ours.clone()));
        assert_eq!(modules(&program, Some(String::new())), Some(ours.clone()));
        let both = modules(&program, Some("/opt/gio".to_owned()));
        assert_eq!(both, Some(format!("/opt/gio:{ours}")));
        assert_eq!(modules(&dir.join("with:colon/shouwang"), None), None);
        assert_eq!(modules(Path::new(""), None), None);
        std::fs::write(dir.join("libother.so"), "").unwrap();
        assert_eq!(modules(&program, None), None, "it would be loaded too");
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_gpu_counts_only_with_a_render_node_and_without_nvidia() {
        let root = std::env::temp_dir().join(format!("shouwang-gpu-{}", std::process::id()));
        let make = |p: &str| std::fs::create_dir_all(root.join(p)).unwrap();
        make("dev/dri");
        assert!(!has_usable_gpu(&root));
        make("dev/dri/renderD128");
        assert!(has_usable_gpu(&root));
        make("proc/driver/nvidia");
        assert!(!has_usable_gpu(&root));
        std::fs::remove_dir_all(&root).unwrap();
    }
}

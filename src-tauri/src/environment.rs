//! What must be set before GTK and WebKit start.

use std::env;
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

#[expect(
    unsafe_code,
    reason = "set_var is unsafe when other threads run; main calls this first and there are none"
)]
fn set(name: &str, value: &str) {
    unsafe { env::set_var(name, value) };
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

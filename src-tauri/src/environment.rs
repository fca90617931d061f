//! What must be set before GTK and WebKit start.

use std::env;
use std::path::Path;

/// Sets the locale and the renderer, unless the user has.
pub fn prepare() {
    if cfg!(target_os = "linux") {
        let locale = effective_locale(|name| env::var(name).ok());
        if is_plain_c(&locale) {
            // In the C locale WebKit's Intl throws, and with it every chart.
            set("LANG", "zh_CN.UTF-8");
            set("LC_ALL", "zh_CN.UTF-8");
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

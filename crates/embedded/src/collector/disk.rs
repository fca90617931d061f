//! `/proc/diskstats` and the mounted file systems.

use super::page::Page;
use super::{CollectError, HostCollector, read};
use std::collections::BTreeSet;

/// `/proc/diskstats` counts in sectors of 512 bytes whatever the disk has.
const SECTOR: f64 = 512.0;

/// A metric of one column: its place after the device's name, name, help, and what one unit is.
struct Column(usize, &'static str, &'static str, f64, bool);

const COLUMNS: [Column; 17] = [
    Column(
        0,
        "node_disk_reads_completed_total",
        "The total number of reads completed successfully.",
        1.0,
        true,
    ),
    Column(
        1,
        "node_disk_reads_merged_total",
        "The total number of reads merged.",
        1.0,
        true,
    ),
    Column(
        2,
        "node_disk_read_bytes_total",
        "The total number of bytes read successfully.",
        SECTOR,
        true,
    ),
    Column(
        3,
        "node_disk_read_time_seconds_total",
        "The total number of seconds spent by all reads.",
        0.001,
        true,
    ),
    Column(
        4,
        "node_disk_writes_completed_total",
        "The total number of writes completed successfully.",
        1.0,
        true,
    ),
    Column(
        5,
        "node_disk_writes_merged_total",
        "The number of writes merged.",
        1.0,
        true,
    ),
    Column(
        6,
        "node_disk_written_bytes_total",
        "The total number of bytes written successfully.",
        SECTOR,
        true,
    ),
    Column(
        7,
        "node_disk_write_time_seconds_total",
        "This is the total number of seconds spent by all writes.",
        0.001,
        true,
    ),
    Column(
        8,
        "node_disk_io_now",
        "The number of I/Os currently in progress.",
        1.0,
        false,
    ),
    Column(
        9,
        "node_disk_io_time_seconds_total",
        "Total seconds spent doing I/Os.",
        0.001,
        true,
    ),
    Column(
        10,
        "node_disk_io_time_weighted_seconds_total",
        "The weighted # of seconds spent doing I/Os.",
        0.001,
        true,
    ),
    Column(
        11,
        "node_disk_discards_completed_total",
        "The total number of discards completed successfully.",
        1.0,
        true,
    ),
    Column(
        12,
        "node_disk_discards_merged_total",
        "The total number of discards merged.",
        1.0,
        true,
    ),
    Column(
        13,
        "node_disk_discarded_sectors_total",
        "The total number of sectors discarded successfully.",
        1.0,
        true,
    ),
    Column(
        14,
        "node_disk_discard_time_seconds_total",
        "This is the total number of seconds spent by all discards.",
        0.001,
        true,
    ),
    Column(
        15,
        "node_disk_flush_requests_total",
        "The total number of flush requests completed successfully",
        1.0,
        true,
    ),
    Column(
        16,
        "node_disk_flush_requests_time_seconds_total",
        "This is the total number of seconds spent by all flush requests.",
        0.001,
        true,
    ),
];

/// Whether the node exporter leaves a device out: `^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`, that is RAM disks, loops,
/// floppies and partitions.
fn is_left_out(device: &str) -> bool {
    let stem = device.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() == device.len() {
        return false;
    }
    let partition = ["hd", "sd", "vd", "xvd"].iter().any(|p| {
        stem.strip_prefix(p)
            .is_some_and(|s| s.len() == 1 && s.bytes().all(|b| b.is_ascii_lowercase()))
    });
    let nvme = stem
        .strip_prefix("nvme")
        .and_then(|s| s.strip_suffix('p'))
        .and_then(|s| s.split_once('n'));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    ["ram", "loop", "fd"].contains(&stem)
        || partition
        || nvme.is_some_and(|(a, b)| digits(a) && digits(b))
}

pub(super) fn diskstats(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let text = read::text(&host.options.proc.join("diskstats"))?;
    for line in text.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let Some((device, columns)) = words.get(2).zip(words.get(3..)) else {
            continue;
        };
        if is_left_out(device) {
            continue;
        }
        for Column(at, name, help, unit, rises) in COLUMNS {
            // kernels before 4.18 and 5.5 have fewer columns
            let Some(value) = columns.get(at).and_then(|w| w.parse::<f64>().ok()) else {
                continue;
            };
            // a division gives 4.924 where the product with 0.001 gives 4.9240000000000004
            let value = if unit < 1.0 {
                value / unit.recip().round()
            } else {
                value * unit
            };
            if rises {
                page.counter(name, help, &[("device", device)], value);
            } else {
                page.gauge(name, help, &[("device", device)], value);
            }
        }
    }
    Ok(())
}

/// One mounted file system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mount {
    device: String,
    at: String,
    fstype: String,
    readonly: bool,
}

/// Types without space of their own: the node exporter's list.
const WITHOUT_SPACE: [&str; 29] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
    "erofs",
    "fuse.lxcfs",
    "fuse.portal",
    "fuse.gvfsd-fuse",
    "efivarfs",
];
/// Types whose server may be dead.
const REMOTE: [&str; 12] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "ceph",
    "afs",
    "ncpfs",
    "lustre",
    "glusterfs",
    "ocfs2",
];

fn is_remote(fstype: &str) -> bool {
    REMOTE.contains(&fstype)
        || matches!(
            fstype,
            "fuse.sshfs"
                | "fuse.glusterfs"
                | "fuse.s3fs"
                | "fuse.rclone"
                | "fuse.ossfs"
                | "fuse.juicefs"
        )
}

/// Whether the node exporter leaves a mount point out.
fn is_hidden(mount: &str) -> bool {
    let under = |folder: &str| {
        mount == folder
            || mount
                .strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    ["/dev", "/proc", "/sys", "/run"].iter().any(|f| under(f))
        || ["/var/lib/docker/", "/var/lib/containers/storage/"]
            .iter()
            .any(|f| mount.starts_with(f))
}

/// A line of `/proc/self/mounts`: device, place, type, options; blanks are written as `\040`.
fn mount(line: &str) -> Option<Mount> {
    let mut words = line.split(' ');
    let (device, at, fstype, options) =
        (words.next()?, words.next()?, words.next()?, words.next()?);
    let readonly = options.split(',').any(|o| o == "ro");
    Some(Mount {
        device: unescape(device),
        at: unescape(at),
        fstype: fstype.to_owned(),
        readonly,
    })
}

fn unescape(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\")
}

pub(super) fn filesystems(host: &mut HostCollector, page: &mut Page) -> Result<(), CollectError> {
    let text = read::text(&host.options.proc.join("self/mounts"))?;
    // of several mounts at one place the last one counts, but the same three labels must come once
    let mut seen = BTreeSet::new();
    for m in text.lines().filter_map(mount) {
        if WITHOUT_SPACE.contains(&m.fstype.as_str())
            || is_hidden(&m.at)
            || !seen.insert((m.device.clone(), m.at.clone(), m.fstype.clone()))
        {
            continue;
        }
        if is_remote(&m.fstype) {
            page.note(CollectError::RemoteFilesystem {
                mount: m.at,
                fstype: m.fstype,
            });
            continue;
        }
        filesystem(page, &m);
    }
    Ok(())
}

fn filesystem(page: &mut Page, m: &Mount) {
    let labels = [
        ("device", &*m.device),
        ("fstype", &*m.fstype),
        ("mountpoint", &*m.at),
    ];
    let asked = rustix::fs::statvfs(m.at.as_str());
    page.gauge(
        "node_filesystem_device_error",
        "Whether an error occurred while getting statistics for the given device.",
        &labels,
        f64::from(asked.is_err()),
    );
    let Ok(s) = asked else { return };
    // the exporter counts in f_bsize although POSIX says f_frsize; on Linux both are the same but on a few network types
    let bytes = |blocks: u64| blocks as f64 * s.f_bsize as f64;
    page.gauge(
        "node_filesystem_size_bytes",
        "Filesystem size in bytes.",
        &labels,
        bytes(s.f_blocks),
    );
    page.gauge(
        "node_filesystem_free_bytes",
        "Filesystem free space in bytes.",
        &labels,
        bytes(s.f_bfree),
    );
    page.gauge(
        "node_filesystem_avail_bytes",
        "Filesystem space available to non-root users in bytes.",
        &labels,
        bytes(s.f_bavail),
    );
    page.gauge(
        "node_filesystem_files",
        "Filesystem total file nodes.",
        &labels,
        s.f_files as f64,
    );
    page.gauge(
        "node_filesystem_files_free",
        "Filesystem total free file nodes.",
        &labels,
        s.f_ffree as f64,
    );
    page.gauge(
        "node_filesystem_readonly",
        "Filesystem read-only status.",
        &labels,
        f64::from(m.readonly),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_and_loops_are_left_out_and_disks_are_not() {
        for out in [
            "sda1",
            "vdb12",
            "xvda1",
            "nvme0n1p2",
            "loop7",
            "ram0",
            "hda3",
        ] {
            assert!(is_left_out(out), "{out}");
        }
        for kept in [
            "sda", "vda", "nvme0n1", "dm-0", "md127", "sdaa", "mmcblk0", "zram0", "sdaa1",
        ] {
            assert!(!is_left_out(kept), "{kept}");
        }
    }

    #[test]
    fn a_mount_with_blanks_and_options_is_read() {
        let m = mount("/dev/sdb1 /mnt/my\\040disk ext4 ro,relatime 0 0").expect("a mount");
        assert_eq!((m.at.as_str(), m.readonly), ("/mnt/my disk", true));
        assert_eq!(mount("short"), None);
        assert!(
            is_hidden("/run/user/0")
                && is_hidden("/proc")
                && !is_hidden("/runner")
                && !is_hidden("/")
                && is_hidden("/var/lib/docker/overlay2/x")
        );
    }
}

import CLinux
import Glibc

/// Memory that a process needed to start, and does not need to go on.
public enum StartMemory {
    /// Gives back the pages of the program's own text that have been touched so far, and what the allocator holds free.
    ///
    /// Reading a configuration touches megabytes of code and of tables that relocation and the runtime read once. The kernel
    /// keeps such pages counted to the process for ever; what is needed again comes from the page cache, some sixty
    /// kilobytes at a time. Without effect where /proc is not there.
    public static func release() {
        if let text = ownText() {
            // Sound: a private mapping of a file that is never written to; the pages are read from the file again when touched.
            if let start = unsafe UnsafeMutableRawPointer(bitPattern: text.lowerBound) {
                _ = unsafe madvise(start, text.count, MADV_DONTNEED)
            }
        }
        returnFree()
    }

    /// Gives the kernel the pages that the allocator holds free, also between those in use. Takes a fraction of a millisecond
    /// for each ten megabytes that are held.
    public static func returnFree() { zl_trim_allocator() }

    /// The addresses of the program's text: the first mapping that is a file's, executable, private and not writable; nil when
    /// there is none.
    public static func ownText() -> Range<UInt>? {
        guard let maps = try? File.contents("/proc/self/maps") else { return nil }
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
            guard words.count >= 6, words[1].elementsEqual("r-xp".utf8), words[5].first == UInt8(ascii: "/") else { continue }
            let ends = words[0].split(separator: UInt8(ascii: "-"))
            guard ends.count == 2, let low = UInt(String(decoding: ends[0], as: UTF8.self), radix: 16),
                let high = UInt(String(decoding: ends[1], as: UTF8.self), radix: 16), low < high
            else { return nil }
            return low..<high
        }
        return nil
    }
}

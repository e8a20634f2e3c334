import Glibc

/// Shell patterns against the file system (glob(3), POSIX.1-2017).
public enum Glob {
    /// The paths that match `pattern`, sorted by the C library; empty when none does, nil when a directory on the way
    /// could not be read or memory ran out.
    public static func paths(matching pattern: String) -> [String]? {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        switch unsafe glob(pattern, 0, nil, &found) {
        case 0: break
        case GLOB_NOMATCH: return []
        default: return nil
        }
        var paths: [String] = []
        // Sound: glob filled gl_pathv with gl_pathc strings that live until globfree.
        for index in 0..<Int(unsafe found.gl_pathc) {
            if let path = unsafe found.gl_pathv[index] { paths.append(unsafe String(cString: path)) }
        }
        return paths
    }
}

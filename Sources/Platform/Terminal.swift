import Glibc

/// Whether somebody watches.
public enum Terminal {
    public static func isTerminal(_ raw: Int32) -> Bool { isatty(raw) == 1 }
}

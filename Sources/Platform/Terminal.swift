import Glibc

/// Whether somebody watches.
package enum Terminal {
    package static func isTerminal(_ raw: Int32) -> Bool { isatty(raw) == 1 }
}

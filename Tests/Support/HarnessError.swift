import Glibc

/// What went wrong in the test support itself (never what a test asserts).
public struct HarnessError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// A system call that failed, with the error number it left.
    static func system(_ call: String, _ number: Int32 = errno) -> HarnessError {
        HarnessError("\(call): \(unsafe String(cString: strerror(number))) (errno \(number))")
    }
}

import Glibc

/// A small file as it stands in the page cache, for system calls to send: no copy, and a change of the file is seen at once.
///
/// Only the kernel may read the bytes. A file that somebody shortens meanwhile has pages behind its end, which would end this
/// process if it looked at them; a system call that is given them fails instead (EFAULT).
@safe
public final class FileMapping {
    // Sound: `count` bytes are mapped here until deinit.
    private let base: UnsafeRawPointer
    /// Bytes that are mapped.
    public let count: Int

    /// Maps the first `count` bytes of an open file, at least one; nil when the system refuses.
    public init?(_ raw: Int32, count: Int) {
        guard count > 0, let mapped = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, raw, 0), unsafe mapped != MAP_FAILED else {
            return nil
        }
        unsafe base = UnsafeRawPointer(mapped)
        self.count = count
    }

    deinit { _ = unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }

    /// A range of the bytes, for system calls only; traps when it is not within what is mapped.
    @_lifetime(borrow self)
    public func bytesForTheKernel(_ range: Range<Int>) -> Span<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        let start = unsafe base.assumingMemoryBound(to: UInt8.self) + range.lowerBound
        let span = unsafe Span<UInt8>(_unsafeStart: start, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}

import CLinux
import Glibc

/// What a descriptor is ready for, or is asked for.
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The peer has ended its direction of the connection.
    public static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    public static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
    public static let error = Readiness(rawValue: EPOLLERR.rawValue)
    /// Only one of the sets that wait is woken (listening sockets shared by loops).
    public static let exclusive = Readiness(rawValue: 1 << 28)
}

/// A set of descriptors and one call that waits for them (level-triggered).
@safe
public final class Epoll {
    private let descriptor: FileDescriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private static let capacity = 512

    public init() throws(SystemError) {
        let raw = epoll_create1(Int32(EPOLL_CLOEXEC))
        if raw < 0 { throw SystemError.current }
        descriptor = FileDescriptor(owning: raw)
        unsafe events = .allocate(capacity: Epoll.capacity)
    }

    deinit { unsafe events.deallocate() }

    public func add(_ raw: Int32, _ interest: Readiness, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_ADD, raw, interest, token)
    }

    public func change(_ raw: Int32, _ interest: Readiness, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_MOD, raw, interest, token)
    }

    public func remove(_ raw: Int32) {
        var event = unsafe epoll_event()
        _ = unsafe epoll_ctl(descriptor.rawValue, EPOLL_CTL_DEL, raw, &event)
    }

    private func control(_ operation: Int32, _ raw: Int32, _ interest: Readiness, _ token: UInt64) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue
        unsafe event.data = unsafe epoll_data_t(u64: token)
        // Sound: the kernel reads one event during the call.
        if unsafe epoll_ctl(descriptor.rawValue, operation, raw, &event) != 0 { throw SystemError.current }
    }

    /// Waits at most `milliseconds` (-1: for ever) and returns how many events there are; `event(at:)` has them.
    public func wait(milliseconds: Int32) throws(SystemError) -> Int {
        let count = unsafe epoll_wait(descriptor.rawValue, events, Int32(Epoll.capacity), milliseconds)
        if count >= 0 { return Int(count) }
        let error = SystemError.current
        if error.code == EINTR { return 0 }
        throw error
    }

    public func event(at index: Int) -> (token: UInt64, readiness: Readiness) {
        precondition(index >= 0 && index < Epoll.capacity)
        // Sound: the place exists, and the kernel wrote it before `wait` returned.
        return unsafe (events[index].data.u64, Readiness(rawValue: events[index].events))
    }
}

/// A counter that wakes a set from another thread (eventfd).
public final class WakeDescriptor: Sendable {
    private let descriptor: FileDescriptor

    public init() throws(SystemError) {
        let raw = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        if raw < 0 { throw SystemError.current }
        descriptor = FileDescriptor(owning: raw)
    }

    public var rawValue: Int32 { descriptor.rawValue }

    public func signal() {
        var one: UInt64 = 1
        // Sound: eight bytes are read from `one`. A full counter has woken the set already.
        _ = uninterrupted { unsafe write(descriptor.rawValue, &one, 8) }
    }

    public func drain() {
        var count: UInt64 = 0
        _ = uninterrupted { unsafe read(descriptor.rawValue, &count, 8) }
    }
}

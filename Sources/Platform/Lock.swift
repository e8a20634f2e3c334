import Glibc

/// State that several threads use under one mutex.
///
/// A pthread mutex and not `Synchronization.Mutex`, because ThreadSanitizer does not see the latter.
@safe
public final class Lock<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var state: State

    public init(_ state: sending State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` alone with the state. Do not call out of it: nothing that takes another lock belongs inside.
    public func withLock<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        // Sound: the mutex lives as long as self, and only the thread that holds it touches `state`.
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&state)
    }
}

/// A counting semaphore: threads sleep in `await` until somebody has raised it for them.
@safe
public final class CountingSignal: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    public init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe semaphore.initialize(to: sem_t())
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    public func raise() { unsafe sem_post(semaphore) }

    public func `await`() {
        // Sound: the semaphore lives as long as self.
        _ = uninterrupted { unsafe sem_wait(semaphore) }
    }
}

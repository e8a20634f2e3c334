import Platform

/// The only way from another thread to a loop: Sendable messages, and a descriptor that ends the loop's wait.
public final class Mailbox: Sendable {
    enum Message: Sendable {
        case job(UnownedJob)
        case wake(Ticket, WakeReasons)
        case call(@Sendable (EventLoop) -> Void)
    }

    private let messages = Lock<[Message]>([])
    let descriptor: WakeDescriptor

    init() throws(SystemError) { descriptor = try WakeDescriptor() }

    func post(_ message: Message) {
        let wasEmpty = messages.withLock { list in
            list.append(message)
            return list.count == 1
        }
        if wasEmpty { descriptor.signal() }
    }

    /// Takes what has come.
    func takeAll() -> [Message] {
        messages.withLock { list in
            let taken = list
            list = []
            return taken
        }
    }

    /// Runs `body` on the loop's thread, some turn later.
    public func call(_ body: @escaping @Sendable (EventLoop) -> Void) { post(.call(body)) }
}

/// What any thread may hold to wake an object of a loop; harmless when the object is gone.
public struct Waker: Sendable, Hashable {
    private let mailbox: Mailbox
    private let ticket: Ticket

    init(mailbox: Mailbox, ticket: Ticket) {
        self.mailbox = mailbox
        self.ticket = ticket
    }

    /// Wakes the object, in a later turn of its loop.
    public func wake(_ reasons: WakeReasons) { mailbox.post(.wake(ticket, reasons)) }

    public static func == (a: Waker, b: Waker) -> Bool { a.ticket == b.ticket && a.mailbox === b.mailbox }

    public func hash(into hasher: inout Hasher) { hasher.combine(ticket) }
}

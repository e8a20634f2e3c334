/// Why a request cannot be answered as asked: the status for the client, and a reason for the log that names the rule or the
/// directive which refused it.
public struct RequestFailure: Error, Sendable {
    public let status: Int
    public let reason: StaticString

    public init(_ status: Int, _ reason: StaticString) {
        self.status = status
        self.reason = reason
    }
}

/// Why a request cannot be answered as asked: the status for the client, and a reason for the log that names the rule or the
/// directive which refused it.
package struct RequestFailure: Error, Sendable {
    package let status: Int
    package let reason: StaticString

    package init(_ status: Int, _ reason: StaticString) {
        self.status = status
        self.reason = reason
    }
}

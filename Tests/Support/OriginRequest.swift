/// A request as the origin saw it.
package struct OriginRequest: Sendable {
    package var method: String
    package var target: String
    package var version: String
    package var fields: FieldList
    /// The number of its connection, from 1.
    package var connection: Int
    package var body: [UInt8] = []
    package var trailers: FieldList = [:]
    /// When the first and the last byte of a body with a length had come.
    package var bodyBegan: ContinuousClock.Instant?
    package var bodyEnded: ContinuousClock.Instant?

    init(method: String, target: String, version: String, fields: FieldList, connection: Int) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        self.connection = connection
    }

    package subscript(_ name: String) -> String? { fields[name] }
    package var path: String { String(target.prefix { $0 != "?" }) }
    package var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
    package var text: String { String(decoding: body, as: UTF8.self) }
}

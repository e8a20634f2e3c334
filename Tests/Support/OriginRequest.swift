/// A request as the origin saw it.
public struct OriginRequest: Sendable {
    public var method: String
    public var target: String
    public var version: String
    public var fields: FieldList
    /// The number of its connection, from 1.
    public var connection: Int
    public var body: [UInt8] = []
    public var trailers: FieldList = [:]
    /// When the first and the last byte of a body with a length had come.
    public var bodyBegan: ContinuousClock.Instant?
    public var bodyEnded: ContinuousClock.Instant?

    init(method: String, target: String, version: String, fields: FieldList, connection: Int) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        self.connection = connection
    }

    public subscript(_ name: String) -> String? { fields[name] }
    public var path: String { String(target.prefix { $0 != "?" }) }
    public var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
    public var text: String { String(decoding: body, as: UTF8.self) }
}

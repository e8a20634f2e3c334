/// One response as a client saw it.
public struct Response: Sendable, CustomStringConvertible {
    public var version: String
    public var status: Int
    public var reason: String
    public var fields: FieldList
    public var body: [UInt8]
    public var trailers: FieldList = [:]
    /// Interim responses (1xx) that came before it, by status.
    public var interim: [Int] = []

    /// The first value of a field, in any case.
    public subscript(_ name: String) -> String? { fields[name] }

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// Whether the connection stays open after it, by its version and its Connection field.
    public var keepsAlive: Bool {
        let options = fields.all("Connection").joined(separator: ",").lowercased()
        if options.contains("close") { return false }
        return version != "HTTP/1.0" || options.contains("keep-alive")
    }

    public var description: String {
        "\(version) \(status) \(reason)\n\(fields.lines)\n\(text.prefix(2000))"
    }
}

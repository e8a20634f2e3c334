/// Header fields in order, with repetitions: `["Set-Cookie": "a=1", "Set-Cookie": "b=2"]`.
public struct FieldList: Sendable, Equatable, ExpressibleByDictionaryLiteral, Sequence {
    public struct Field: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public private(set) var fields: [Field] = []

    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field($0.0, $0.1) }
    }

    public init(_ fields: [Field] = []) {
        self.fields = fields
    }

    public func makeIterator() -> IndexingIterator<[Field]> { fields.makeIterator() }

    /// The first value of a name in any case.
    public subscript(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Every value of a name, in order.
    public func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    public mutating func append(_ name: String, _ value: String) {
        fields.append(Field(name, value))
    }

    public func without(_ names: String...) -> FieldList {
        let dropped = Set(names.map { $0.lowercased() })
        return FieldList(fields.filter { !dropped.contains($0.name.lowercased()) })
    }

    /// The lines as they go over the wire.
    public var lines: String {
        fields.map { "\($0.name): \($0.value)\r\n" }.joined()
    }
}

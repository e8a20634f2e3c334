import Bytes
import Configuration
import HTTP

extension ServerAssembly {
    /// The methods that `limit_except` names.
    static func methods(_ header: Statement) throws(Diagnostic) -> MethodSet {
        var methods = MethodSet()
        for argument in header.arguments {
            let name = Array(argument.text.utf8.map(ASCII.uppercased))
            let method = Method(name.span)
            if method == .other || method == .connect || method == .trace {
                throw Diagnostic(
                    "invalid method \(Diagnostic.quoted(argument.text))", at: argument.location,
                    hint: "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, LOCK or UNLOCK"
                )
            }
            methods.insert(method)
        }
        return methods
    }
}

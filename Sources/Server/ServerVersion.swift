/// The version of this server.
package enum ServerVersion {
    package static let number: StaticString = "0.1.0"
}

/// The version of this server.
public enum ServerVersion {
    public static let number: StaticString = "0.1.0"
}

# frozen_string_literal: true

require 'base64'
require 'digest/sha1'

# The least of RFC 6455 that echoes: the handshake, text and binary frames sent
# back as they came (fragments too), ping answered, close answered. The
# connection is taken from the server (rack.hijack) and lives in a thread of
# its own, so that it holds none of the server's.
class WebSocketEcho
  GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11' # RFC 6455 section 1.3
  LONGEST = 16 * 1024 * 1024 # bytes of one frame
  CONTINUATION = 0x0
  TEXT = 0x1
  BINARY = 0x2
  CLOSE = 0x8
  PING = 0x9
  PONG = 0xA

  def call(env)
    key = env['HTTP_SEC_WEBSOCKET_KEY']
    return refusal unless key && env['HTTP_UPGRADE'].to_s.casecmp?('websocket') && env['rack.hijack']

    env['rack.hijack'].call
    socket = env['rack.hijack_io']
    Thread.new { converse(socket, key) }
    [-1, {}, []]
  end

  private

  def refusal
    [426, { 'Content-Type' => 'text/plain', 'Upgrade' => 'websocket', 'Connection' => 'Upgrade' },
     ["This address speaks WebSocket.\n"]]
  end

  def converse(socket, key)
    accept = Base64.strict_encode64(Digest::SHA1.digest(key + GUID))
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" \
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: #{accept}\r\n\r\n")
    loop { break unless echo(socket) }
  rescue IOError, SystemCallError
    nil # the other side left
  ensure
    socket.close unless socket.closed?
  end

  # Answers one frame; false when the conversation is over.
  def echo(socket)
    final, opcode, payload = read_frame(socket)
    case opcode
    when CONTINUATION, TEXT, BINARY then write_frame(socket, final, opcode, payload)
    when PING then write_frame(socket, true, PONG, payload)
    when PONG then true
    when CLOSE
      write_frame(socket, true, CLOSE, payload)
      false
    else false
    end
  end

  def read_frame(socket)
    first, second = read(socket, 2).unpack('CC')
    length = second & 0x7F
    length = read(socket, 2).unpack1('n') if length == 126
    length = read(socket, 8).unpack1('Q>') if length == 127
    raise IOError, 'frame too long or not masked' if length > LONGEST || (second & 0x80).zero?

    mask = read(socket, 4)
    [first & 0x80 != 0, first & 0x0F, unmask(read(socket, length), mask)]
  end

  def unmask(payload, mask)
    keys = mask.bytes
    payload.bytes.each_with_index.map { |byte, index| byte ^ keys[index & 3] }.pack('C*')
  end

  def write_frame(socket, final, opcode, payload)
    head = [(final ? 0x80 : 0) | opcode].pack('C')
    length = payload.bytesize
    head << if length < 126 then [length].pack('C')
            elsif length < 65_536 then [126, length].pack('Cn')
            else [127, length].pack('CQ>')
            end
    socket.write(head + payload)
    true
  end

  def read(socket, length)
    return ''.b if length.zero?

    bytes = socket.read(length)
    raise IOError, 'connection ended inside a frame' unless bytes && bytes.bytesize == length

    bytes
  end
end

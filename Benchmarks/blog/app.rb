# frozen_string_literal: true

require 'digest'
require 'json'
require 'securerandom'
require 'rack/session/cookie'
require 'sinatra/base'

require_relative 'lib/request_counter'
require_relative 'lib/websocket_echo'
require_relative 'lib/event_stream'
require_relative 'lib/store'
require_relative 'lib/stylesheet'
require_relative 'lib/script'
require_relative 'lib/visitor_helpers'
require_relative 'routes/reading'
require_relative 'routes/comments'
require_relative 'routes/accounts'
require_relative 'routes/admin'
require_relative 'routes/theme'
require_relative 'routes/api'

# A small blog as many are: sessions in a cookie, stylesheets compiled when
# asked for, comments, a sign-in and an admin page. It knows nothing of a cache
# in front of it.
class Blog < Sinatra::Base
  SESSION_LIFETIME = 12 * 24 * 60 * 60 # seconds

  # `expire_after` makes the session slide: whoever sends the cookie gets it
  # back with a new date, on every answer, stylesheets included.
  use Rack::Session::Cookie,
      key: 'blog.session',
      path: '/',
      expire_after: SESSION_LIFETIME,
      same_site: :lax,
      httponly: true,
      coder: Rack::Session::Cookie::Base64::JSON.new,
      secret: ENV.fetch('BLOG_SECRET', 'for tests and benchmarks on a loopback address, never for the open net')

  set :environment, :production
  set :root, __dir__
  set :views, File.join(__dir__, 'views')
  set :public_folder, File.join(__dir__, 'public')
  set :static, true # without a front the blog still has its pictures
  set :method_override, true # DELETE from a form arrives as POST with _method
  set :logging, false
  set :dump_errors, true
  set :show_exceptions, false
  set :raise_errors, false
  # Refuse what looks forged, above all a POST whose Origin is another site. (The
  # other choice, dropping the session, would let the comment through.)
  set :protection, reaction: :deny
  set :store, Store.new
  set :failing, false

  helpers VisitorHelpers

  # Every visitor gets a session with the first answer, reader or author.
  before { session['visitor'] ||= SecureRandom.hex(8) }

  register Reading
  register Comments
  register Accounts
  register Admin
  register Theme
  register API

  not_found do
    # A route that says 404 with a body of its own keeps it.
    return body unless response.body.empty?

    @title = 'Not here'
    erb :not_found
  end

  error do
    content_type :html
    'The blog broke. Its owner has been told.'
  end
end

# frozen_string_literal: true

# Posts and comments in memory, behind one lock. They are the same after every
# start: tests compare bodies byte by byte, so nothing here looks at a clock.
class Store
  Post = Struct.new(:id, :title, :date, :paragraphs)
  Comment = Struct.new(:id, :post_id, :name, :text, :body_bytes, :body_sha256)

  NUMBER_OF_POSTS = 25
  PER_PAGE = 10

  PLACES = %w[harbour orchard railway market lighthouse workshop bridge garden library quarry].freeze
  DEEDS = ['repaired the old pump', 'counted the boats', 'waited for the late train', 'planted three pears',
           'painted the door blue', 'found a letter', 'measured the tide', 'baked too much bread'].freeze
  WEATHER = ['in thin rain', 'under a white sky', 'before sunrise', 'with the wind behind us',
             'on the warmest day', 'after the first frost'].freeze

  def initialize
    @lock = Mutex.new
    @posts = (1..NUMBER_OF_POSTS).map { |number| seeded(number) }
    @comments = []
    @last_comment = 0
  end

  # One page of posts, newest first.
  def page(number)
    @lock.synchronize { @posts.reverse.slice((number - 1) * PER_PAGE, PER_PAGE) || [] }
  end

  def pages
    @lock.synchronize { (@posts.length + PER_PAGE - 1) / PER_PAGE }
  end

  def post(id)
    @lock.synchronize { @posts.find { |post| post.id == id } }
  end

  def search(words)
    wanted = words.downcase
    @lock.synchronize do
      @posts.reverse.select do |post|
        post.title.downcase.include?(wanted) || post.paragraphs.any? { |text| text.downcase.include?(wanted) }
      end
    end
  end

  def publish(title, text)
    @lock.synchronize do
      post = Post.new(@posts.length + 1, title, 'today', text.split(/\r?\n\r?\n/))
      @posts << post
      post
    end
  end

  def comment(post_id, name, text, body)
    @lock.synchronize do
      @last_comment += 1
      @comments << Comment.new(@last_comment, post_id, name, text, body.bytesize, Digest::SHA256.hexdigest(body))
      @comments.last
    end
  end

  def comments(post_id = nil)
    @lock.synchronize { @comments.select { |comment| post_id.nil? || comment.post_id == post_id } }
  end

  def remove_comment(id)
    @lock.synchronize { !@comments.reject! { |comment| comment.id == id }.nil? }
  end

  private

  def seeded(number)
    place = PLACES[number % PLACES.length]
    paragraphs = (0..(3 + number % 4)).map { |index| sentence_group(number, index) }
    Post.new(number, "Note #{number}: at the #{place}", format('2017-%02d-%02d', 1 + number % 12, 1 + number), paragraphs)
  end

  def sentence_group(number, index)
    (0..5).map do |step|
      seed = number * 7 + index * 3 + step
      place = PLACES[(seed * 5) % PLACES.length]
      "We #{DEEDS[seed % DEEDS.length]} near the #{place} #{WEATHER[(seed / 2) % WEATHER.length]}."
    end.join(' ')
  end
end
